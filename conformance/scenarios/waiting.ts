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
  "close by another thread while send waits",
  `
  pair
  A@1 fill s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends => some bytes, then -1 WSAEINTR | wine: some bytes, then -1 WSAENOTSOCK (Wine looks the handle up again for each piece)
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
  { gap: "it ends a recv that has begun to wait before" },
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

add(
  "recv without blocking",
  `
  pair
  A ioctl s FIONBIO 1 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  B send s 5
  settle
  A recv s 3 => 3 'abc'
  A recv s 16 => 2 'de'
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0 => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'fghi'
`,
);

add(
  "send without blocking until the buffer is full",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A select w=s t=0 => 0 w:-
  A send s 1 => -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
  A send s 5 => 5
  B recvall s 5 => all
`,
);

add(
  "send without blocking: a second time full",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
`,
);

add(
  "FIONBIO set before connecting and accepting",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  A accept s l => 0
  B until w=s => 1 w:s
  B recv s 16 => -1 WSAEWOULDBLOCK
  A send s 5
  B until r=s
  B recv s 16 => 5 'abcde'
`,
);

add(
  "a blocked recv is not disturbed by FIONBIO of another thread",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A ioctl s FIONBIO 1
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "FIONREAD: how much can be read",
  `
  pair
  A ioctl s FIONREAD => 0 -> 0
  B send s 10
  settle
  A ioctl s FIONREAD => 0 -> 10
  A recv s 4
  A ioctl s FIONREAD => 0 -> 6
  B send s 20
  settle
  A ioctl s FIONREAD => 0 -> 26
  A recv s 26
  A ioctl s FIONREAD => 0 -> 0
  B close s
  settle
  A ioctl s FIONREAD => 0 -> 0
`,
);

add(
  "FIONREAD: on sockets that have no bytes",
  `
  A socket s
  A ioctl s FIONREAD
  A listener l
  A ioctl l FIONREAD
  B connection s $l
  settle
  A ioctl l FIONREAD
  A accept s l => 0
`,
);

add(
  "ioctlsocket: unknown commands and no argument",
  `
  pair
  A ioctl s 0x1234 => -1 WSAEOPNOTSUPP
  A ioctl s FIONBIO null => -1 WSAEFAULT
  A ioctl s FIONREAD null => -1 WSAEFAULT
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "ioctlsocket: FIONBIO takes any number but 0 for on",
  `
  pair
  A ioctl s FIONBIO 77 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0x80000000 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
`,
);
