import { Group } from "../scenario.js";

/** Out-of-band data: MSG_OOB, SO_OOBINLINE, SIOCATMARK, select's except set. */
export const urgentGroup = new Group("urgent data");
const { add } = urgentGroup;

add(
  "an urgent byte is read apart from the others",
  `
  pair
  B send s 1 oob => 1
  settle
  A recv s 1 oob => 1 'A'
`,
);

add(
  "nothing urgent is there",
  `
  pair
  A ioctl s FIONBIO 1
  A recv s 1 oob => -1 WSAEWOULDBLOCK
  B send s 5
  settle
  A recv s 1 oob => -1 WSAEWOULDBLOCK
  A recv s 16 => 5 'abcde'
`,
);

add(
  "the except set tells of an urgent byte",
  `
  pair
  A select e=s t=0 => 0 e:-
  B send s 1 oob
  settle
  A select r=s e=s t=0 => 1 r:- e:s
  A recv s 1 oob => 1 'A'
  A select e=s t=0 => 0 e:-
`,
);

add(
  "select waits for an urgent byte",
  `
  pair
  A@1 select e=s &
  A@1 blocked => yes
  B send s 1 oob
  A@1 ends => 1 e:s
`,
);

add(
  "an urgent byte between others: recv stops before it",
  `
  pair
  B send s 3
  B send s 1 oob
  B send s 3
  settle
  A recv s 16 => 3 'abc'
  A ioctl s SIOCATMARK => 0 -> 0
  A recv s 16 => 3 'def'
`,
);

add(
  "of several bytes sent as urgent, the last one is",
  `
  pair
  B send s 3 oob => 3
  settle
  A recv s 1 oob => 1 'C'
  A recv s 16 => 2 'AB'
`,
);

add(
  "a second urgent byte takes the first one's place",
  `
  pair
  B send s 1 oob
  B send s 2
  B send s 1 oob
  settle
  A recv s 1 oob => 1 'A'
  A recv s 16
  A recv s 16
`,
);

add(
  "an urgent byte is read once",
  `
  pair
  B send s 1 oob
  settle
  A ioctl s FIONBIO 1
  A recv s 1 oob => 1 'A'
  A recv s 1 oob => -1 WSAEWOULDBLOCK
`,
);

add(
  "an urgent byte is peeked at",
  `
  pair
  B send s 1 oob
  settle
  A recv s 1 oob peek => 1 'A'
  A recv s 1 oob => 1 'A'
`,
);

add(
  "in line: an urgent byte is one among the others",
  `
  pair
  A set s SO_OOBINLINE 1 => 0
  B send s 3
  B send s 1 oob
  B send s 3
  settle
  A recv s 16 => 3 'abc'
  A ioctl s SIOCATMARK => 0 -> 0 | both: 0 -> 1 (Linux says TRUE at the mark, and WinSock's documentation FALSE)
  A recv s 16 => 4 'Adef'
`,
);

add(
  "in line: recv with MSG_OOB",
  `
  pair
  A set s SO_OOBINLINE 1
  B send s 1 oob
  settle
  A recv s 1 oob => -1 WSAEINVAL
  A recv s 16 => 1 'A'
`,
);

add(
  "in line: the except set",
  `
  pair
  A set s SO_OOBINLINE 1
  B send s 1 oob
  settle
  A select r=s e=s t=0
  A recv s 16 => 1 'A'
  A select r=s e=s t=0 => 0 r:- e:-
`,
);

add(
  "SIOCATMARK without urgent data",
  `
  pair
  A ioctl s SIOCATMARK => 0 -> 1
  B send s 3
  settle
  A ioctl s SIOCATMARK => 0 -> 1
  A recv s 16 => 3 'abc'
  A ioctl s SIOCATMARK => 0 -> 1
`,
);

add(
  "SIOCATMARK: before, at and behind the mark",
  `
  pair
  B send s 2
  B send s 1 oob
  B send s 2
  settle
  A ioctl s SIOCATMARK
  A recv s 1 => 1 'a'
  A ioctl s SIOCATMARK
  A recv s 1 => 1 'b'
  A ioctl s SIOCATMARK
  A recv s 1 => 1 'c'
  A ioctl s SIOCATMARK
`,
);

add(
  "FIONREAD with an urgent byte on the way",
  `
  pair
  B send s 3
  B send s 1 oob
  settle
  A ioctl s FIONREAD
  A recv s 16 => 3 'abc'
  A ioctl s FIONREAD
`,
);

add(
  "recv waits while only an urgent byte is there",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 1 oob
  A@1 blocked => yes
  B send s 2
  A@1 ends => 2 'ab'
`,
);

add(
  "urgent byte, then the end",
  `
  pair
  B send s 1 oob
  B close s
  settle
  A recv s 1 oob => 1 'A'
  A recv s 16 => 0
`,
);

add(
  "urgent bytes of a socket that is not connected",
  `
  A socket s
  A send s 1 oob => -1 WSAENOTCONN | both: -1 WSAECONNRESET (Linux says EPIPE of a stream that was never connected)
`,
  { kernelOnly: "nothing is connected" },
);

add(
  "an urgent byte after this side has shut sending down",
  `
  pair
  A shutdown s 1
  A send s 1 oob => -1 WSAESHUTDOWN
`,
);

add(
  "urgent bytes of datagrams",
  `
  A socket d dgram
  A bind d 0
  A sendto d 1 oob to=$d => -1 WSAEOPNOTSUPP
`,
  { kernelOnly: "nothing is connected" },
);

add(
  "an urgent byte before accept",
  `
  B listener l
  A connection s $l
  A send s 2
  A send s 1 oob => 1
  B accept s l
  settle
  B recv s 16 => 2 'ab'
  B recv s 1 oob => 1 'A'
`,
);

add(
  "recv with MSG_OOB waits for an urgent byte",
  `
  pair
  A@1 recv s 1 oob &
  A@1 blocked => yes
  B send s 1 oob
  A@1 ends => 1 'A'
`,
);

add(
  "recv with MSG_OOB waits, whatever else comes",
  `
  pair
  A@1 recv s 1 oob &
  A@1 blocked => yes
  B send s 3
  A@1 blocked => yes
  B send s 1 oob
  A@1 ends => 1 'A'
  A recv s 16 => 3 'abc'
`,
);

add(
  "recv with MSG_OOB and a time-out",
  `
  pair
  A set s SO_RCVTIMEO 200
  A recv s 1 oob => -1 WSAETIMEDOUT
`,
);

add(
  "recv with MSG_OOB when the peer has closed",
  `
  pair
  A ioctl s FIONBIO 1
  B close s
  settle
  A recv s 1 oob
  A recv s 16 => 0
`,
);

add(
  "recv with MSG_OOB waits while the peer closes",
  `
  pair
  A@1 recv s 1 oob &
  A@1 blocked => yes
  B close s
  A@1 ends
`,
);

add(
  "recv with MSG_OOB waits while its socket is closed",
  `
  pair
  A@1 recv s 1 oob &
  A@1 blocked => yes
  A close s
  A@1 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (Wine says how its own server sees the closed handle)
`,
);

add(
  "select for bytes does not count an urgent one",
  `
  pair
  B send s 1 oob
  settle
  A select r=s t=0 => 0 r:-
  B send s 1
  settle
  A select r=s e=s t=0 => 2 r:s e:s
`,
);

add(
  "close with an urgent byte unread",
  `
  pair
  B send s 1 oob
  settle
  A close s => 0
  B ioctl s FIONBIO 1
  settle
  B recv s 16
`,
);

add(
  "an urgent byte of which the socket is told in line later",
  `
  pair
  B send s 2
  B send s 1 oob
  settle
  A set s SO_OOBINLINE 1 => 0
  A recv s 16
  A recv s 16
`,
);

add(
  "an accepted socket has its listener's SO_OOBINLINE",
  `
  B listener l
  B set l SO_OOBINLINE 1
  A connection s $l
  B accept s l
  A send s 1 oob
  settle
  B recv s 16 => 1 'A'
`,
);
