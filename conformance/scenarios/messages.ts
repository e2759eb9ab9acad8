import { Group } from "../scenario.js";

/**
 * `WSAAsyncSelect`: which events come, with which error, in which order, and which call enables the next one. Windows are
 * message-only; `messages N` waits for N messages and shows what else comes soon after.
 */
export const messagesGroup = new Group("WSAAsyncSelect", "extended");
const { add } = messagesGroup;

const gap = { gap: "a process with a module that imports WSAAsyncSelect stays on the kernel" };
const alone = { kernelOnly: "nothing is connected" };

add(
  "FD_READ comes for bytes, once, and again after recv",
  `
  pair
  A window w
  A async s w READ => 0
  A messages => none
  B send s 5
  A messages 1 => s:READ
  B send s 5
  A messages => none
  A recv s 5 => 5 'abcde'
  A messages 1 => s:READ
  A recv s 16 => 5 'fghij'
  A messages => none
`,
  gap,
);

add(
  "FD_READ is there at once when bytes are",
  `
  pair
  B send s 5
  settle
  A window w
  A async s w READ => 0
  A messages 1 => s:READ
`,
  gap,
);

add(
  "FD_READ: part of the bytes is read, the rest is told of again",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 5
  A messages 1 => s:READ
  A recv s 2 => 2 'ab'
  A messages 1 => s:READ
  A recv s 16 => 3 'cde'
  A messages => none
`,
  gap,
);

add(
  "FD_READ: peeking enables it too",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 5
  A messages 1 => s:READ
  A recv s 2 peek => 2 'ab'
  A messages 1 => s:READ
`,
  gap,
);

add(
  "FD_READ: a recv that would block enables it",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 5
  A messages 1 => s:READ
  A recv s 16 => 5 'abcde'
  A recv s 16 => -1 WSAEWOULDBLOCK
  B send s 3
  A messages 1 => s:READ
`,
  gap,
);

add(
  "FD_WRITE comes at once on a connection, and not again",
  `
  pair
  A window w
  A async s w WRITE => 0
  A messages 1 => s:WRITE
  A send s 5 => 5
  A messages => none
  B recv s 16 => 5 'abcde'
  A messages => none
`,
  gap,
);

add(
  "FD_WRITE comes again when a send has failed and there is room",
  `
  pair
  A window w
  A async s w WRITE => 0
  A messages 1 => s:WRITE
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A messages => none
  B recvall s $filled => all
  A messages 1 => s:WRITE
  A send s 5 => 5
  A messages => none
`,
  gap,
);

add(
  "FD_CLOSE: the peer has closed",
  `
  pair
  A window w
  A async s w CLOSE => 0
  A messages => none
  B close s
  A messages 1 => s:CLOSE
  A recv s 16 => 0
  A messages => none
`,
  gap,
);

add(
  "FD_CLOSE: the peer has shut its sending down",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  B shutdown s 1
  A messages 1 => s:CLOSE
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
  gap,
);

add(
  "FD_CLOSE: a reset carries its error",
  `
  pair
  A window w
  A async s w CLOSE => 0
  B set s SO_LINGER 1 0
  B close s
  A messages 1 => s:CLOSE(WSAECONNRESET) | both: s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
`,
  gap,
);

add(
  "FD_CLOSE: the peer's process is killed",
  `
  pair
  A window w
  A async s w CLOSE => 0
  B dies
  A messages 1 => s:CLOSE
`,
  gap,
);

add(
  "FD_READ before FD_CLOSE: bytes, then the end",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  B send s 5
  A messages 1 => s:READ
  B close s
  A messages
  A recv s 16 => 5 'abcde'
  A messages 1
  A recv s 16 => 0
`,
  gap,
);

add(
  "FD_CLOSE comes after WSAAsyncSelect when the peer closed before",
  `
  pair
  B close s
  settle
  A window w
  A async s w READ WRITE CLOSE => 0
  A messages 2
`,
  gap,
);

add(
  "FD_ACCEPT comes for a connection, and again after accept",
  `
  A listener l
  A window w
  A async l w ACCEPT => 0
  A messages => none
  B connection s $l
  A messages 1 => l:ACCEPT
  B connection t $l
  A messages => none
  A accept s l => 0
  A messages 1 => l:ACCEPT
  A accept t l => 0
  A messages => none
  A accept u l => -1 WSAEWOULDBLOCK
`,
  gap,
);

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
  gap,
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
  gap,
);

add(
  "FD_CONNECT and FD_WRITE: a connection without blocking",
  `
  A listener l
  B window w
  B socket s
  B async s w CONNECT WRITE => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B messages 2 => s:CONNECT s:WRITE
  A accept s l => 0
  B send s 5 => 5
  A recv s 16 => 5 'abcde'
`,
  gap,
);

add(
  "FD_CONNECT: refused",
  `
  A listener l
  A close l
  B window w
  B socket s
  B async s w CONNECT WRITE CLOSE => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B messages 1 => s:CONNECT(WSAECONNREFUSED)
`,
  alone,
);

add(
  "FD_OOB: an urgent byte",
  `
  pair
  A window w
  A async s w READ OOB => 0
  B send s 1 oob
  A messages 1 => s:OOB
  A recv s 1 oob => 1 'A'
  A messages => none
`,
  gap,
);

add(
  "FD_OOB comes again after the urgent byte was read",
  `
  pair
  A window w
  A async s w OOB => 0
  B send s 1 oob
  A messages 1 => s:OOB
  A recv s 1 oob => 1 'A'
  B send s 1 oob
  A messages 1 => s:OOB
  A recv s 1 oob => 1 'A'
`,
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
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
