import { Group } from "../scenario.js";

/** `WSAAsyncSelect` with several windows, threads and connections at once, and one thread that is client and server. */
export const messageThreadsGroup = new Group("WSAAsyncSelect threads", "windows");
const { add } = messageThreadsGroup;

add(
  "four windows of four threads, a connection each, all at once",
  `
  A socket l
  A bind l 0
  A listen l 10
  B many 4 connection c% $l => 4x 0
  A many 4 accept c% l => 4x 0
  A@1 window w
  A@2 window v
  A@3 window u
  A@4 window t
  A@1 async c0 w READ CLOSE => 0
  A@2 async c1 v READ CLOSE => 0
  A@3 async c2 u READ CLOSE => 0
  A@4 async c3 t READ CLOSE => 0
  B many 4 send c% 3 => 4x 3
  A@4 messages 1 => c3:READ@t
  A@3 messages 1 => c2:READ@u
  A@2 messages 1 => c1:READ@v
  A@1 messages 1 => c0:READ
  A many 4 recv c% 16 => 4x 3 'abc'
  B many 4 close c% => 4x 0
  A@1 messages 1 => c0:CLOSE
  A@2 messages 1 => c1:CLOSE@v
  A@3 messages 1 => c2:CLOSE@u
  A@4 messages 1 => c3:CLOSE@t
`,
);

add(
  "events are selected by a thread that is not the window's, and read by a third",
  `
  pair
  A@1 window w
  A@2 async s w READ CLOSE => 0
  B send s 3
  A@1 messages 1 => s:READ
  A@3 recv s 16 => 3 'abc'
  B send s 3
  A@1 messages 1 => s:READ
  A@2 recv s 16 => 3 'def'
  B close s
  A@1 messages 1 => s:CLOSE
`,
);

add(
  "a connection goes from one thread's window to another's, with bytes unread",
  `
  pair
  A@1 window w
  A@2 window v
  A async s w READ => 0
  B send s 3
  A@1 messages 1 => s:READ
  A async s v READ message=4 => 0
  A@2 messages 1 => s:READ@v+4
  A recv s 16 => 3 'abc'
  B send s 3
  A@2 messages 1 => s:READ@v+4
  A@1 messages => none
`,
);

add(
  "one window for sixty connections",
  `
  A socket l
  A bind l 0
  A listen l 64
  B many 60 connection c% $l => 60x 0
  A many 60 accept c% l => 60x 0
  A window w
  A many 60 async c% w READ => 60x 0
  B send c0 1
  A messages 1 => c0:READ
  B send c59 1
  A messages 1 => c59:READ
  B send c30 1
  A messages 1 => c30:READ
  A recv c30 4 => 1 'a'
  A messages => none
`,
);

add(
  "accepted sockets inherit a window of another thread",
  `
  A@1 window w
  A listener l
  A async l w ACCEPT READ CLOSE => 0
  B connection s $l
  A@1 messages 1 => l:ACCEPT
  A@2 accept s l => 0
  B send s 3
  A@1 messages 1 => s:READ
  A@2 recv s 16 => 3 'abc'
  B close s
  A@1 messages 1 => s:CLOSE
`,
);

add(
  "two listeners, two windows: each one's connections have its own",
  `
  A window w
  A window v
  A listener l
  A listener m
  A async l w ACCEPT READ => 0
  A async m v ACCEPT READ message=1 => 0
  B connection s $l
  A messages 1 => l:ACCEPT
  B connection t $m
  A messages 1 => m:ACCEPT@v+1
  A accept s l => 0
  A accept t m => 0
  B send s 3
  A messages 1 => s:READ
  B send t 3
  A messages 1 => t:READ@v+1
`,
);

add(
  "one thread is client and server, with messages only",
  `
  A window w
  A listener l
  A async l w ACCEPT READ WRITE CLOSE => 0
  A socket c
  A async c w CONNECT READ WRITE CLOSE => 0
  A connect c $l => -1 WSAEWOULDBLOCK
  A messages 3
  A accept s l => 0
  A messages 1 => s:WRITE
  A send c 3 => 3
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
  A send s 4 => 4
  A messages 1 => c:READ
  A recv c 16 => 4 'abcd'
  A close s => 0
  A messages 1 => c:CLOSE
`,
);

add(
  "cancelled with a message in the queue: it is still there",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 3
  settle
  A async s w => 0
  A messages
  A recv s 16 => 3 'abc'
  B send s 3
  A messages => none
`,
);

add(
  "closed with a message in the queue",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 3
  settle
  A close s => 0
  A messages
`,
);

add(
  "FD_WRITE: a send of no bytes while it is full enables nothing",
  `
  pair
  A window w
  A async s w WRITE => 0
  A messages 1 => s:WRITE
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A send s 0
  A messages => none
  B recvall s $filled => all
  A messages 1 => s:WRITE
  A messages => none
`,
);

add(
  "FD_READ: WSARecvEx and a receive of no bytes enable it",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 6
  A messages 1 => s:READ
  A recvex s 3 => 3 'abc' flags 0
  A messages 1 => s:READ
  A recv s 0 => 0
  A messages 1 => s:READ
  A recv s 16 => 3 'def'
  A messages => none
`,
);

add(
  "FD_ACCEPT: an accept that finds nobody enables it",
  `
  A window w
  A listener l
  A async l w ACCEPT => 0
  A accept s l => -1 WSAEWOULDBLOCK
  B connection s $l
  A messages 1 => l:ACCEPT
  B connection t $l
  A messages => none
  A accept s l => 0
  A messages 1 => l:ACCEPT
  A accept t l => 0
  A messages => none
  A accept u l => -1 WSAEWOULDBLOCK
  A send s 1
  B recv s 4 => 1 'a'
`,
);

add(
  "FD_CONNECT, without and with FD_WRITE, while the queue is full",
  `
  A socket l
  A bind l 0
  A listen l 1
  B connection a $l => 0
  B connection b $l => 0
  B window w
  B socket s
  B async s w CONNECT => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B messages => none
  A accept a l => 0
  A accept b l => 0
  B messages 1 => s:CONNECT
  A accept s l => 0
  A send s 3
  B messages => none
  B async s w READ => 0
  B messages 1 => s:READ
  B recv s 16 => 3 'abc'
`,
);

for (const [event, how] of [
  ["is killed", "dies"],
  ["leaves", "leaves"],
] as const) {
  add(
    `FD_CLOSE: the peer ${event} after its half-close, and before`,
    `
  pair
  A window w
  A async s w READ CLOSE => 0
  B shutdown s 1
  A messages 1 => s:CLOSE
  B ${how}
  A messages => none
  A recv s 16 => 0
`,
  );
  add(
    `FD_CLOSE: the peer ${event} with bytes unread there`,
    `
  pair
  A window w
  A async s w READ CLOSE => 0
  A send s 3
  settle
  B ${how}
  A messages 1 => s:CLOSE(WSAECONNRESET) | wine: s:CLOSE (Wine's server has taken the error from the kernel when it noticed the reset)
  A messages => none
`,
  );
  add(
    `FD_WRITE: it is full, and the peer ${event}`,
    `
  pair
  A window w
  A async s w WRITE CLOSE => 0
  A messages 1 => s:WRITE
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B ${how}
  A messages 2 => s:CLOSE(WSAECONNRESET) s:WRITE or s:WRITE s:CLOSE(WSAECONNRESET) | wine: s:WRITE s:CLOSE (as above)
  A send s 1 => -1 WSAECONNRESET
`,
  );
}
