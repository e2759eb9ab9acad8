import { Group } from "../scenario.js";
import { resetAfter, resetIsEnd } from "./deviations.js";

/** `closesocket`, graceful and abortive, and what the peer sees of it; SO_LINGER and SO_DONTLINGER. */
export const closingGroup = new Group("closing");
const { add } = closingGroup;

add(
  "close with bytes unread here: the peer's connection is reset",
  `
  pair
  B send s 10
  settle
  A close s => 0
  settle
  B send s 5 => -1 WSAECONNRESET
  B recv s 16
  B recv s 16
  `,
);

add(
  "close with bytes unread at the peer",
  `
  pair
  A send s 10
  settle
  B close s => 0
  settle
  A select r=s w=s e=s t=0
  A recv s 16 => ${resetIsEnd}
  A recv s 16 => ${resetIsEnd}
  A send s 5 => -1 WSAECONNRESET
  A get s SO_ERROR
  A getpeername s
  `,
);

add(
  "close by the peer after bytes: they are read, then the end",
  `
  pair
  B send s 5
  B close s => 0
  settle
  A ioctl s FIONREAD => 0 -> 5
  A recv s 3 => 3 'abc'
  A recv s 16 => 2 'de'
  A select r=s w=s e=s t=0 => 2 r:s w:s e:-
  A recv s 16 => 0
  A recv s 16 => 0
  A get s SO_ERROR => 0 -> no error, 4 bytes
  `,
);

add(
  "send after the peer's close: the first goes, then the connection is reset",
  `
  pair
  B close s => 0
  settle
  A select r=s w=s e=s t=0 => 2 r:s w:s e:-
  A send s 5 => 5
  settle
  A send s 5
  A send s 5
  A recv s 16
  A recv s 16
  A get s SO_ERROR
  `,
);

add(
  "send after the peer's close with bytes unread here",
  `
  pair
  B send s 6
  B close s => 0
  settle
  A send s 5 => 5
  settle
  A send s 5
  A recv s 16
  A recv s 16
  `,
);

add(
  "linger 0 by the peer: abortive",
  `
  pair
  B set s SO_LINGER 1 0 => 0
  B close s => 0
  settle
  A select r=s w=s e=s t=0
  A recv s 16 => ${resetIsEnd}
  A recv s 16 => ${resetIsEnd}
  A send s 5 => -1 WSAECONNRESET
  A get s SO_ERROR
  `,
);

add(
  "linger 0 by the peer after bytes that are unread here",
  `
  pair
  B send s 5
  settle
  B set s SO_LINGER 1 0
  B close s => 0
  settle
  A select r=s w=s e=s t=0
  A ioctl s FIONREAD
  A recv s 16 => ${resetAfter("5 'abcde'")}
  A recv s 16 => ${resetIsEnd}
  A recv s 16 => ${resetIsEnd}
  `,
);

add(
  "linger 0 here: recv at the peer",
  `
  pair
  A set s SO_LINGER 1 0 => 0
  A get s SO_LINGER => 0 -> 1 0, 4 bytes
  A close s => 0
  settle
  B recv s 16 => ${resetIsEnd}
  B recv s 16 => ${resetIsEnd}
  B send s 5 => -1 WSAECONNRESET
  `,
);

add(
  "linger 0 here: send at the peer comes first",
  `
  pair
  A set s SO_LINGER 1 0
  A close s => 0
  settle
  B send s 5 => -1 WSAECONNRESET
  B recv s 16
  `,
);

add(
  "linger 0 here with bytes that the peer has not read: they are discarded",
  `
  pair
  A send s 5
  settle
  A set s SO_LINGER 1 0
  A close s => 0
  settle
  B recv s 16 => ${resetAfter("5 'abcde'")}
  `,
);

add(
  "linger off: close returns at once and the bytes arrive",
  `
  pair
  A set s SO_LINGER 0 0 => 0
  A send s 5
  A close s => 0
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
  `,
);

add(
  "linger of some seconds, nothing unsent: close returns at once",
  `
  pair
  A send s 5
  B recv s 16 => 5 'abcde'
  A set s SO_LINGER 1 3 => 0
  A close s => 0
  B recv s 16 => 0
  `,
);

add(
  "linger of some seconds with unread bytes at the peer: they arrive",
  `
  pair
  A set s SO_LINGER 1 3
  A send s 5
  A close s => 0
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
  `,
);

add(
  "SO_DONTLINGER takes SO_LINGER back: close is graceful",
  `
  pair
  A set s SO_LINGER 1 0
  A set s SO_DONTLINGER 1 => 0
  A get s SO_LINGER => 0 -> 0 0, 4 bytes
  A send s 5
  A close s => 0
  settle
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
  `,
);

add(
  "SO_DONTLINGER says whether lingering is off",
  `
  pair
  A get s SO_DONTLINGER => 0 -> 1, 4 bytes
  A set s SO_LINGER 1 5
  A get s SO_DONTLINGER => 0 -> 0, 4 bytes
  A set s SO_LINGER 0 0
  A get s SO_DONTLINGER => 0 -> 1, 4 bytes
  `,
);

add(
  "close with a full buffer: every byte arrives",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A close s => 0
  B recvall s $filled => all
  B recv s 16 => 0
  `,
);

add(
  "linger 0 with a full buffer: the peer is reset",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A set s SO_LINGER 1 0
  A close s => 0
  settle
  B recv s 16 => ${resetAfter("16 'abcdefghijklmnop'")}
  `,
);

add(
  "both sides close, one after the other",
  `
  pair
  A close s => 0
  settle
  B recv s 16 => 0
  B close s => 0
  A close s => -1 WSAENOTSOCK
  B close s => -1 WSAENOTSOCK
  `,
);

add(
  "names after the peer's close",
  `
  pair
  A getsockname s
  A getpeername s
  B close s
  settle
  A getsockname s
  A getpeername s
  A recv s 16 => 0
  A getpeername s
  `,
);

add(
  "names after a reset",
  `
  pair
  B set s SO_LINGER 1 0
  B close s
  settle
  A getsockname s
  A recv s 16 => ${resetIsEnd}
  A getsockname s
  A getpeername s
  `,
);

add(
  "close of a listener while a connection of it goes on",
  `
  A listener l
  B connection s $l
  A accept s l => 0
  A close l => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 6
  A recv s 16 => 6 'abcdef'
  `,
);

add(
  "a half-closed connection is closed by the other side",
  `
  pair
  A shutdown s 1 => 0
  B recv s 16 => 0
  B close s => 0
  settle
  A recv s 16 => 0
  A close s => 0
  `,
);

add(
  "reset after this side has read everything: SO_ERROR, select, recv",
  `
  pair
  B send s 5
  A recv s 16 => 5 'abcde'
  B set s SO_LINGER 1 0
  B close s
  settle
  A select r=s t=0 => 1 r:s
  A ioctl s FIONREAD
  A recv s 16 peek => ${resetIsEnd}
  A recv s 16 => ${resetIsEnd}
  `,
);

add(
  "the peer closes with bytes unread while this side has unread bytes too",
  `
  pair
  A send s 5
  B send s 6
  settle
  B close s => 0
  settle
  A recv s 16 => ${resetAfter("6 'abcdef'")}
  A send s 5
  `,
);

add(
  "shutdown, then close with bytes unread: they are lost, and it is a reset",
  `
  pair
  B send s 5
  settle
  A shutdown s 1 => 0
  A close s => 0
  settle
  B recv s 16
  B send s 5 => -1 WSAECONNRESET
  `,
);

add(
  "receiving shut down, then close with bytes unread: a reset all the same",
  `
  pair
  A shutdown s 0 => 0
  B send s 5
  settle
  B@1 recv s 16 &
  B@1 blocked => yes
  A close s => 0
  B@1 ends => -1 WSAECONNRESET
`,
);
