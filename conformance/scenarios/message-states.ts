import { Group } from "../scenario.js";

/** `WSAAsyncSelect`: what enables which event, and what it says of sockets in the less common states. */
export const messageStatesGroup = new Group("WSAAsyncSelect states", "windows");
const { add } = messageStatesGroup;

add(
  "FD_READ: bytes of two sends, nothing read between them: one message",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 3
  settle
  B send s 4
  A messages 1 => s:READ
  A recv s 16 => 7 'abcdefg'
  A messages => none
`,
);

add(
  "FD_READ: looking how much there is does not enable it",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 3
  A messages 1 => s:READ
  A ioctl s FIONREAD => 0 -> 3
  A select r=s t=0 => 1 r:s
  A messages => none
  A recv s 16 => 3 'abc'
`,
);

add(
  "FD_READ: recvfrom enables it",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 5
  A messages 1 => s:READ
  A recvfrom s 2
  A messages 1 => s:READ
  A recvfrom s 16
  A messages => none
`,
);

add(
  "FD_READ: sending does not enable it",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 5
  A messages 1 => s:READ
  A send s 4 => 4
  A messages => none
  B recv s 16 => 4 'abcd'
`,
);

add(
  "everything at once: bytes and room",
  `
  pair
  B send s 5
  settle
  A window w
  A async s w READ WRITE OOB ACCEPT CLOSE => 0
  A messages 2 => s:READ s:WRITE
  A recv s 16 => 5 'abcde'
  A messages => none
`,
);

add(
  "FD_CLOSE comes once: a half-close, then the close",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  B shutdown s 1
  A messages 1 => s:CLOSE
  A recv s 16 => 0
  B close s
  A messages => none
  A recv s 16 => 0
`,
);

add(
  "FD_CLOSE comes again when the events are selected again",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  B close s
  A messages 1 => s:CLOSE
  A async s w READ CLOSE => 0
  A messages 1 => s:CLOSE
  A recv s 16 => 0
  A async s w CLOSE => 0
  A messages 1 => s:CLOSE
`,
);

add(
  "FD_CLOSE: reading to the end does not take it away",
  `
  pair
  A window w
  B send s 3
  B close s
  settle
  A async s w CLOSE => 0
  A recv s 16 => 3 'abc'
  A recv s 16 => 0
  A messages 1 => s:CLOSE
`,
);

add(
  "bytes, and a reset behind them",
  `
  pair
  A window w
  B send s 3
  settle
  A async s w READ CLOSE => 0
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
  B set s SO_LINGER 1 0
  B close s
  A messages 1 => s:CLOSE(WSAECONNRESET) | wine: s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
`,
);

add(
  "cancelled, and selected again: bytes that were not read are told again",
  `
  pair
  A window w
  A async s w READ => 0
  B send s 3
  A messages 1 => s:READ
  A async s w => 0
  A messages => none
  A async s w READ => 0
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
`,
);

add(
  "shutdown for sending, and the peer closes",
  `
  pair
  A window w
  A async s w READ CLOSE => 0
  A shutdown s 1 => 0
  A messages => none
  B recv s 16 => 0
  B send s 3
  A messages 1 => s:READ
  A recv s 16 => 3 'abc'
  B close s
  A messages 1 => s:CLOSE
`,
);

add(
  "FD_ACCEPT is there at once when a connection waits",
  `
  A listener l
  B connection s $l
  settle
  A window w
  A async l w ACCEPT => 0
  A messages 1 => l:ACCEPT
  A accept s l => 0
  A messages => none
  B send s 5
  A until r=s
  A recv s 16 => 5 'abcde'
`,
);

add(
  "FD_ACCEPT: two connections wait",
  `
  A listener l
  A window w
  B connection s $l
  B connection t $l
  settle
  A async l w ACCEPT => 0
  A messages 1 => l:ACCEPT
  A accept s l => 0
  A messages 1 => l:ACCEPT
  A accept t l => 0
  A accept u l => -1 WSAEWOULDBLOCK
  B connection u $l
  A messages 1 => l:ACCEPT
  A accept u l => 0
`,
);

add(
  "a listener without FD_ACCEPT hands its events on",
  `
  A listener l
  A window w
  A async l w READ => 0
  B connection s $l
  A messages => none
  A accept s l => 0
  B send s 5
  A messages 1 => s:READ
  A ioctl s FIONBIO 0 => -1 WSAEINVAL
  A ioctl l FIONBIO 0 => -1 WSAEINVAL
`,
);

add(
  "a listener without FD_ACCEPT: an urgent byte of a connector that closes before it is accepted",
  `
  A listener l
  A window w
  A async l w READ WRITE OOB => 0
  B connection s $l
  B send s 2 oob => 2
  settle
  B close s
  settle
  A accept s l => 0
  A messages 3 => s:OOB s:READ s:WRITE
`,
  { kernelOnly: "closed before it is accepted" },
);

add(
  "inherited events are cancelled for the accepted socket only",
  `
  A listener l
  A window w
  A async l w ACCEPT READ => 0
  B connection s $l
  A messages 1 => l:ACCEPT
  A accept s l => 0
  A async s w => 0
  B send s 5
  A messages => none
  A recv s 16 => 5 'abcde'
  B connection t $l
  A messages 1 => l:ACCEPT
  A accept t l => 0
  B send t 3
  A messages 1 => t:READ
`,
);

add(
  "events are selected while a connect is under way",
  `
  A listener l
  B window w
  B socket s
  B ioctl s FIONBIO 1 => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B async s w READ WRITE => 0
  B messages 1 => s:WRITE
  A accept s l => 0
  A send s 5
  B messages 1 => s:READ
  B recv s 16 => 5 'abcde'
`,
);

add(
  "the acceptor speaks first, and the connector waits for messages only",
  `
  A listener l
  B window w
  B socket s
  B async s w CONNECT READ CLOSE => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B messages 1 => s:CONNECT
  A accept s l => 0
  A send s 5
  B messages 1 => s:READ
  B recv s 16 => 5 'abcde'
  A close s
  B messages 1 => s:CLOSE
`,
);

add(
  "full before the peer has accepted: FD_WRITE when it has, and reads",
  `
  B listener l
  A connection s $l
  A window w
  A async s w WRITE => 0
  A messages 1 => s:WRITE
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B accept s l => 0
  B recvall s $filled => all
  A messages 1
  A send s 5 => 5
`,
);

add(
  "who sends no more is told of no room",
  `
  pair
  A window w
  A shutdown s 1 => 0
  A async s w WRITE => 0
  A messages => none
`,
);

add(
  "FD_CLOSE: the listener closes that has not accepted",
  `
  B listener l
  A connection s $l
  A window w
  A async s w READ WRITE CLOSE => 0
  A messages 1 => s:WRITE
  settle
  B close l => 0
  A messages 1 => s:CLOSE(WSAECONNRESET) | wine: s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
`,
  { kernelOnly: "nobody accepts" },
);

add(
  "FD_WRITE: not once more after the listener has closed that has not accepted",
  `
  B listener l
  A connection s $l
  A window w
  A async s w READ WRITE CLOSE => 0
  A messages 1 => s:WRITE
  settle
  B close l => 0
  A messages 1 => s:CLOSE(WSAECONNRESET) | wine: s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
  A select r=s w=s t=3 => 2 r:s w:s
  A messages => none
`,
  { kernelOnly: "nobody accepts" },
);

add(
  "FD_CLOSE of one that was reset before it is accepted",
  `
  A listener l
  A window w
  A async l w ACCEPT READ WRITE CLOSE => 0
  B connection s $l
  A messages 1 => l:ACCEPT
  B set s SO_LINGER 1 0
  B close s
  settle
  A accept s l => 0
  A messages 2 => s:WRITE s:CLOSE(WSAECONNRESET) | wine: s:WRITE s:CLOSE (Wine's server takes the error from the kernel when it notices the reset)
`,
  { kernelOnly: "closed before it is accepted" },
);

add(
  "what is there already is told of in this order: urgent, to read, to write",
  `
  pair
  A window w
  B send s 2
  B send s 1 oob
  settle
  A async s w READ OOB WRITE => 0
  A messages 3 => s:OOB s:READ s:WRITE
`,
);
