import { Group } from "../scenario.js";

/** `shutdown` and what the two directions of a connection do afterwards. */
export const shutdownGroup = new Group("shutdown");
const { add } = shutdownGroup;

add(
  "half-close by this side: the other direction goes on",
  `
  pair
  A send s 5 => 5
  A shutdown s 1 => 0
  A send s 5 => -1 WSAESHUTDOWN
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
  B send s 7 => 7
  A recv s 16 => 7 'abcdefg'
  B close s => 0
  settle
  A recv s 16 => 0
  A recv s 16 => 0
  A shutdown s 1
  A close s => 0
  `,
);

add(
  "half-close by the peer: this side reads to the end and goes on writing",
  `
  pair
  B send s 5
  B shutdown s 1 => 0
  settle
  A select r=s w=s t=0 => 2 r:s w:s
  A recv s 16 => 5 'abcde'
  A select r=s w=s t=0 => 2 r:s w:s
  A recv s 16 => 0
  A recv s 16 => 0
  A send s 7 => 7
  B recv s 16 => 7 'abcdefg'
  A shutdown s 1 => 0
  settle
  B recv s 16 => 0
  B send s 5 => -1 WSAESHUTDOWN
  `,
);

add(
  "receiving shut down here, nothing unread: recv is refused, sending goes on",
  `
  pair
  A shutdown s 0 => 0
  A recv s 16 => -1 WSAESHUTDOWN
  A send s 4 => 4
  B recv s 16 => 4 'abcd'
  `,
);

add(
  "receiving shut down here with bytes unread",
  `
  pair
  B send s 5
  settle
  A shutdown s 0 => 0
  A recv s 16 => -1 WSAESHUTDOWN
  A select r=s t=0
  A send s 4 => 4
  B recv s 16 => 4 'abcd'
  `,
);

add(
  "receiving shut down here: the peer's bytes still get acknowledged",
  `
  pair
  A shutdown s 0 => 0
  B send s 5 => 5
  settle
  B send s 5 => 5
  A recv s 16 => -1 WSAESHUTDOWN
  A ioctl s FIONREAD
  `,
);

add(
  "both directions shut down here",
  `
  pair
  A shutdown s 2 => 0
  A send s 5 => -1 WSAESHUTDOWN
  A recv s 16 => -1 WSAESHUTDOWN
  B recv s 16 => 0
  A getsockname s
  A close s => 0
  `,
);

add(
  "both directions shut down here: the peer may still write",
  `
  pair
  A shutdown s 2 => 0
  settle
  B recv s 16 => 0
  B select r=s w=s e=s t=0
  B send s 5 => 5
  `,
);

add(
  "how is none of the three",
  `
  pair
  A shutdown s 3 => -1 WSAEINVAL
  A shutdown s 7 => -1 WSAEINVAL
  A shutdown s -1 => -1 WSAEINVAL
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  `,
);

add(
  "sending shut down twice",
  `
  pair
  A shutdown s 1 => 0
  A shutdown s 1 => 0
  B recv s 16 => 0
  A shutdown s 0 => 0
  A shutdown s 2 => 0
  `,
);

add(
  "each side shuts its sending down: both read the end and close well",
  `
  pair
  A send s 5
  B send s 6
  A shutdown s 1 => 0
  B shutdown s 1 => 0
  A recv s 16 => 6 'abcdef'
  B recv s 16 => 5 'abcde'
  A recv s 16 => 0
  B recv s 16 => 0
  A close s => 0
  B close s => 0
  `,
);

add(
  "sending shut down with a full buffer: every byte still arrives before the end",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A shutdown s 1 => 0
  B recvall s $filled => all
  B recv s 16 => 0
  `,
);

add(
  "sending shut down after the peer has closed",
  `
  pair
  B close s
  settle
  A shutdown s 1 => 0
  A recv s 16 => 0
  A send s 5 => -1 WSAESHUTDOWN
  `,
);

add(
  "sending shut down here while recv waits: it goes on waiting",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A shutdown s 1 => 0
  A@1 blocked => yes
  B recv s 16 => 0
  B send s 5
  A@1 ends => 5 'abcde'
  `,
);

add(
  "sending shut down by the peer while recv waits",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  B shutdown s 1 => 0
  A@1 ends => 0
  `,
);

add(
  "a socket that is not connected",
  `
  A socket s
  A shutdown s 1 => -1 WSAENOTCONN
  A shutdown s 0 => -1 WSAENOTCONN
  A shutdown s 2 => -1 WSAENOTCONN
  A bind s 0
  A shutdown s 1 => -1 WSAENOTCONN
  `,
  { kernelOnly: "nothing is connected" },
);

add(
  "a listening socket",
  `
  A listener l
  A shutdown l 1 => -1 WSAENOTCONN
  A shutdown l 0 => -1 WSAENOTCONN
  B connection s $l => 0
  A accept s l => 0
  `,
);

add(
  "peeking at the end after the peer's half-close",
  `
  pair
  B send s 3
  B shutdown s 1
  settle
  A recv s 16 peek => 3 'abc'
  A recv s 16 => 3 'abc'
  A recv s 16 peek => 0
  A recv s 16 => 0
  `,
);

add(
  "the peer's half-close without any bytes",
  `
  pair
  B shutdown s 1 => 0
  settle
  A ioctl s FIONREAD => 0 -> 0
  A select r=s t=0 => 1 r:s
  A recv s 16 => 0
  A get s SO_ERROR => 0 -> no error, 4 bytes
  `,
);
