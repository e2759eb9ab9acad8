import { Group } from "../scenario.js";

/** Blocking calls: what wakes them, time-outs, threads, sockets closed under them. */
export const waitingGroup = new Group("waiting");
const { add } = waitingGroup;

add(
  "recv wakes for bytes, then for the end",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 5 'abcde'
  A@1 recv s 16 &
  A@1 blocked => yes
  B shutdown s 1
  A@1 ends => 0
`,
);

add(
  "recv wakes for a reset",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => -1 WSAECONNRESET
`,
);

add(
  "select wakes for bytes, then for a reset",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 1 r:s
  A recv s 16 => 5 'abcde'
  A@1 select r=s &
  A@1 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => 1 r:s
`,
);

add(
  "send wakes when the peer reads",
  `
  pair
  A@1 sendall s 8000000 &
  A@1 blocked => yes
  B recvall s 8000000 => all
  A@1 ends => all
`,
);

add(
  "send wakes for a reset",
  `
  pair
  A@1 fill s &
  A@1 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => some bytes, then -1 WSAECONNRESET
  A send s 5 => -1 WSAECONNRESET
`,
);

add(
  "send wakes when the peer closes with bytes unread",
  `
  pair
  A@1 fill s &
  A@1 blocked => yes
  B close s
  A@1 ends => some bytes, then -1 WSAECONNRESET
`,
);

add(
  "recv here, recv there: neither disturbs the other",
  `
  pair
  A@1 recv s 16 &
  B@1 recv s 16 &
  A@1 blocked => yes
  B@1 blocked => yes
  A send s 5
  B@1 ends => 5 'abcde'
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "close by another thread while recv waits",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A close s => 0
  A@1 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (Wine says how its own server sees the closed handle)
  settle
  B recv s 16 => 0
`,
);

add(
  "close by another thread while select waits",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends
  B recv s 16 => 0
`,
);

add(
  "close by another thread while select waits for bytes and for urgent ones",
  `
  pair
  A@1 select r=s e=s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends
`,
);

add(
  "close by another thread while select waits for urgent bytes only",
  `
  pair
  A@1 select e=s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends
`,
);

add(
  "close by another thread while send waits",
  `
  pair
  A@1 fill s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends => some bytes, then -1 WSAEINTR | wine: some bytes, then -1 WSAENOTSOCK or still blocked (Wine looks the handle up again for each piece)
`,
);

add(
  "shutdown for receiving by another thread while recv waits",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A shutdown s 0 => 0
  A@1 blocked => yes
  B send s 3
  A@1 ends => 3 'abc'
`,
);

add(
  "two threads wait in recv: the first gets the first bytes",
  `
  pair
  A@1 recv s 3 &
  A@1 blocked => yes
  A@2 recv s 3 &
  A@2 blocked => yes
  B send s 3
  A@1 ends => 3 'abc'
  A@2 blocked => yes
  B send s 3
  A@2 ends => 3 'def'
`,
);

add(
  "two threads wait in recv: the end wakes both",
  `
  pair
  A@1 recv s 3 &
  A@1 blocked => yes
  A@2 recv s 3 &
  A@2 blocked => yes
  B close s
  A@1 ends => 0
  A@2 ends => 0
`,
);

add(
  "two threads wait in recv: a reset wakes both",
  `
  pair
  A@1 recv s 3 &
  A@1 blocked => yes
  A@2 recv s 3 &
  A@2 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => -1 WSAECONNRESET
  A@2 ends => -1 WSAECONNRESET
`,
);

add(
  "recv waits, sending is shut down, and the listener closes that has not accepted",
  `
  B listener l
  A connection s $l
  A shutdown s 1
  A@1 recv s 16 &
  A@1 blocked => yes
  B close l
  A@1 ends => -1 WSAECONNRESET
`,
  { kernelOnly: "nobody accepts" },
);

add(
  "recv and select wait on one socket",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  A@2 select r=s e=s &
  A@2 blocked => yes
  B send s 3
  A@1 ends => 1 r:s
  A@2 ends => 1 r:s e:-
  A recv s 16 => 3 'abc'
`,
);

add(
  "receive time-out: nothing comes",
  `
  pair
  A set s SO_RCVTIMEO 40 => 0
  A recv s 16 => -1 WSAETIMEDOUT
  A recv s 16 => -1 WSAETIMEDOUT
  B send s 5
  settle
  A recv s 16 => 5 'abcde'
  A recv s 16 peek => -1 WSAETIMEDOUT
`,
);

add(
  "receive time-out of 0: none",
  `
  pair
  A set s SO_RCVTIMEO 40
  A set s SO_RCVTIMEO 0 => 0
  A@1 recv s 16 &
  settle
  settle
  settle
  settle
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "receive time-out: bytes come before",
  `
  pair
  A set s SO_RCVTIMEO 20000 => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "receive time-out: set before connecting",
  `
  A listener l
  B socket s
  B set s SO_RCVTIMEO 40 => 0
  B connect s $l => 0
  A accept s l
  B recv s 16 => -1 WSAETIMEDOUT
  A send s 2
  B recv s 16 => 2 'ab'
`,
);

add(
  "receive time-out: does not matter without blocking",
  `
  pair
  A set s SO_RCVTIMEO 20000
  A ioctl s FIONBIO 1
  A recv s 16 => -1 WSAEWOULDBLOCK
`,
);

add(
  "send time-out: the buffer is full",
  `
  pair
  A set s SO_SNDTIMEO 40 => 0
  A fill s => some bytes, then -1 WSAETIMEDOUT
`,
);

add(
  "send time-out: there is room",
  `
  pair
  A set s SO_SNDTIMEO 40
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "time-outs are read back",
  `
  pair
  A get s SO_RCVTIMEO => 0 -> 0, 4 bytes
  A set s SO_RCVTIMEO 250
  A get s SO_RCVTIMEO => 0 -> 250, 4 bytes
  A set s SO_SNDTIMEO 350
  A get s SO_SNDTIMEO => 0 -> 350, 4 bytes
  A get s SO_RCVTIMEO => 0 -> 250, 4 bytes
`,
);
