import { Group } from "../scenario.js";

/**
 * `WSAAsyncSelect`: which events come, with which error, in which order, and which call enables the next one. Windows are
 * message-only; `messages N` waits for N messages and shows what else comes soon after.
 */
export const messagesGroup = new Group("WSAAsyncSelect", "windows");
const { add } = messagesGroup;

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
);

add(
  "FD_CLOSE: a reset carries its error",
  `
  pair
  A window w
  A async s w CLOSE => 0
  B set s SO_LINGER 1 0
  B close s
  A messages 1 => s:CLOSE(WSAECONNRESET) | wine: s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
`,
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
);

add(
  "FD_OOB: an urgent byte behind unread bytes",
  `
  pair
  A window w
  A async s w READ OOB => 0
  B send s 3
  A messages 1 => s:READ
  B send s 1 oob
  A messages 1 => s:OOB
  A recv s 1 oob => 1 'A'
  A recv s 16 => 3 'abc'
`,
);

add(
  "FD_OOB: in line it is FD_READ",
  `
  pair
  A set s SO_OOBINLINE 1
  A window w
  A async s w READ OOB => 0
  B send s 1 oob
  A messages 1 => s:READ | wine: s:OOB s:READ (documented is FD_READ alone)
  A recv s 16 => 1 'A'
  A messages => none
`,
);

add(
  "FD_OOB: an urgent byte that was there before",
  `
  pair
  B send s 1 oob
  settle
  A window w
  A async s w READ OOB => 0
  A messages 1 => s:OOB
`,
);
