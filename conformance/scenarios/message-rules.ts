import { Group } from "../scenario.js";

/** `WSAAsyncSelect`: cancelling, replacing, inheriting, several windows and threads, odd arguments. */
export const messageRulesGroup = new Group("WSAAsyncSelect rules", "windows");
const { add } = messageRulesGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "accepted sockets inherit the events, the window and the message",
  `
  A listener l
  A window w
  A async l w ACCEPT READ WRITE CLOSE message=3 => 0
  B connection s $l
  A messages 1 => l:ACCEPT+3
  A accept s l => 0
  A messages 1 => s:WRITE+3
  B send s 5
  A messages 1 => s:READ+3
  A recv s 16 => 5 'abcde'
  B close s
  A messages 1 => s:CLOSE+3
`,
);

add(
  "accepted sockets inherit what was chosen while accept waited",
  `
  A listener l
  A window w
  A@1 accept s l &
  A@1 blocked => yes
  A async l w ACCEPT READ CLOSE => 0
  B connection s $l
  A@1 ends => 0
  A messages
  B send s 5
  A messages 1 => s:READ
  A recv s 16 => 5 'abcde'
  B close s
  A messages 1 => s:CLOSE
`,
);

add(
  "accepted sockets that are given their own events",
  `
  A listener l
  A window w
  A async l w ACCEPT
  B connection s $l
  A messages 1 => l:ACCEPT
  A accept s l => 0
  A async s w READ => 0
  A messages => none
  B send s 5
  A messages 1 => s:READ
`,
);

add(
  "no events: nothing comes any more",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  A async s w => 0
  B send s 5
  A messages => none
  A recv s 16 => 5 'abcde'
`,
);

add(
  "no events: the socket stays as it is, without blocking",
  `
  pair
  A window w
  A async s w READ => 0
  A async s none => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0 => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 2
  A@1 ends => 2 'ab'
`,
);

add(
  "FIONBIO cannot make a socket block that has events",
  `
  pair
  A window w
  A async s w READ => 0
  A ioctl s FIONBIO 0 => -1 WSAEINVAL
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 1 => 0
`,
);

add(
  "new events take the old ones' place",
  `
  pair
  A window w
  A async s w READ => 0
  A async s w WRITE => 0
  A messages 1 => s:WRITE
  B send s 5
  A messages => none
  A async s w READ => 0
  A messages 1 => s:READ
`,
);

add(
  "another window and another message take the old ones' place",
  `
  pair
  A window w
  A window v
  A async s w READ => 0
  A async s v READ message=2 => 0
  B send s 5
  A messages 1 => s:READ@v+2
`,
);

add(
  "two connections and one window",
  `
  pair
  A listener m
  B connection t $m
  A accept t m
  A window w
  A async s w READ => 0
  A async t w READ => 0
  B send t 5
  A messages 1 => t:READ
  B send s 5
  A messages 1 => s:READ
`,
);

add(
  "two windows of two threads",
  `
  pair
  A listener m
  B connection t $m
  A accept t m
  A@1 window w
  A@2 window v
  A async s w READ => 0
  A async t v READ => 0
  B send s 5
  A@1 messages 1 => s:READ
  B send t 5
  A@2 messages 1 => t:READ@v
`,
);

add(
  "closesocket: nothing comes any more",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  A close s => 0
  B send s 5
  A messages => none
`,
);

add(
  "both sides have events",
  `
  pair
  A window w
  B window w
  A async s w READ CLOSE => 0
  B async s w READ CLOSE => 0
  A send s 3 => 3
  B messages 1 => s:READ
  B recv s 16 => 3 'abc'
  B send s 4 => 4
  A messages 1 => s:READ
  A recv s 16 => 4 'abcd'
  A close s => 0
  B messages 1 => s:CLOSE
`,
);

add(
  "events before the peer has accepted",
  `
  B listener l
  A connection s $l
  A window w
  A async s w READ WRITE CLOSE => 0
  A messages 1 => s:WRITE
  A send s 5 => 5
  B accept s l => 0
  B recv s 16 => 5 'abcde'
  B send s 6
  A messages 1 => s:READ
`,
);

add(
  "a window that is none, a socket that is none, an unknown event",
  `
  pair
  A window w
  A async event w READ => -1 WSAENOTSOCK
  A async never w READ => -1 WSAENOTSOCK
  A async s none READ
`,
);

add(
  "datagrams have events as well",
  `
  A socket d dgram
  A bind d 0
  A window w
  A async d w READ WRITE => 0
  A messages 1 => d:WRITE
  A sendto d 3 to=$d => 3
  A messages 1 => d:READ
  A recvfrom d 16 => 3 'abc'
  A messages => none
`,
  alone,
);

add(
  "the window is gone",
  `
  pair
  A window w
  A async s w READ => 0
  A destroywindow w => TRUE
  B send s 5
  A messages => none
  A recv s 16 => 5 'abcde'
  A recv s 16 => -1 WSAEWOULDBLOCK
`,
);

add(
  "events and select at the same time",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  A@1 select r=s &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 1 r:s
  A messages 1 => s:READ
  A recv s 16 => 5 'abcde'
  A@1 select r=s &
  A@1 blocked => yes
  B send s 2
  A messages 1 => s:READ
  A@1 ends => 1 r:s
  A recv s 16 => 2 'fg'
  A messages => none
`,
);

add(
  "a connection in one process, events on both of its sockets",
  `
  A listener l
  A window w
  A connection c $l
  A accept s l => 0
  A async c w READ CLOSE => 0
  A async s w READ CLOSE => 0
  A messages => none
  A send c 3 => 3
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
  A send s 4 => 4
  A messages 1 => c:READ
  A recv c 16 => 4 'abcd'
  A close s
  A messages 1 => c:CLOSE
`,
);

add(
  "questions and answers, each after its message",
  `
  pair
  A window w
  B window w
  A async s w READ => 0
  B async s w READ => 0
  A send s 1 => 1
  B messages 1 => s:READ
  B recv s 16 => 1 'a'
  B send s 2 => 2
  A messages 1 => s:READ
  A recv s 16 => 2 'ab'
  A send s 3 => 3
  B messages 1 => s:READ
  B recv s 16 => 3 'bcd'
  B send s 4 => 4
  A messages 1 => s:READ
  A recv s 16 => 4 'cdef'
  A messages => none
  B messages => none
`,
);

add(
  "peers in two processes: the end of one of them",
  `
  A listener l
  B connection s $l
  A accept s l => 0
  C connection t $l
  A accept t l => 0
  A window w
  A async s w READ CLOSE => 0
  A async t w READ CLOSE => 0
  C dies
  A messages 1 => t:CLOSE
  B send s 3
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
  B dies
  A messages 1 => s:CLOSE
`,
);
