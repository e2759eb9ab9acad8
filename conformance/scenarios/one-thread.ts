import { Group } from "../scenario.js";

/** One process, one thread, client and server: nobody else is there to do anything meanwhile. */
export const oneThreadGroup = new Group("one thread");
const { add } = oneThreadGroup;

add(
  "bytes both ways before accept and after",
  `
  A listener l
  A connection c $l => 0
  A send c 5 => 5
  A select r=c,l w=c t=0 => 2 r:l w:c
  A accept s l => 0
  A recv s 16 => 5 'abcde'
  A send s 6 => 6
  A recv c 16 => 6 'abcdef'
  A send c 3
  A recv s 16 => 3 'fgh'
`,
);

add(
  "without blocking: connect, accept, and a stream larger than the buffers",
  `
  A listener l
  A ioctl l FIONBIO 1
  A accept s l => -1 WSAEWOULDBLOCK
  A socket c
  A ioctl c FIONBIO 1
  A connect c $l => -1 WSAEWOULDBLOCK
  A until w=c => 1 w:c
  A until r=l => 1 r:l
  A accept s l => 0
  A fill c => some bytes, then -1 WSAEWOULDBLOCK
  A select w=c r=s t=0 => 1 r:s w:-
  A recvall s $filled => all
  A until w=c => 1 w:c
  A recv s 16 => -1 WSAEWOULDBLOCK
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A recvall c $filled => all
  A fill c => some bytes, then -1 WSAEWOULDBLOCK
  A recvall s $filled => all
  A until w=c => 1 w:c
`,
);

add(
  "half-closes, each way after the other",
  `
  A listener l
  A connection c $l => 0
  A accept s l => 0
  A send c 3
  A shutdown c 1 => 0
  A recv s 16 => 3 'abc'
  A recv s 16 => 0
  A send s 4 => 4
  A shutdown s 1 => 0
  A recv c 16 => 4 'abcd'
  A recv c 16 => 0
  A send c 1 => -1 WSAESHUTDOWN
  A close c => 0
  A close s => 0
`,
);

add(
  "a reset, seen by the same thread",
  `
  A listener l
  A connection c $l => 0
  A accept s l => 0
  A send c 3
  A close s => 0
  settle
  A select r=c w=c e=c t=0
  A send c 3 => -1 WSAECONNRESET
  A close c => 0
`,
);

add(
  "both ends are closed at once, and the port serves again",
  `
  A socket l
  A bind l 0
  A listen l 64
  A many 30 connection c% $l => 30x 0
  A close l
  A many 30 close c% => 30x 0
  A socket l
  A bind l $l => 0
  A listen l 5 => 0
  A connection c $l => 0
  A accept s l => 0
  A send c 3
  A recv s 16 => 3 'abc'
`,
  { kernelOnly: "the connectors are gone before they are accepted; the last one may be user-level" },
);

add(
  "closed before it is accepted: bytes are there",
  `
  A listener l
  A connection c $l => 0
  A send c 5 => 5
  A close c => 0
  A accept s l => 0
  A recv s 16 => 5 'abcde'
  A recv s 16 => 0
`,
  { kernelOnly: "the connector is gone before there is anybody to share memory with" },
);

add(
  "sixty connections to oneself in one select",
  `
  A socket l
  A bind l 0
  A listen l 64
  A many 60 connection c% $l => 60x 0
  A many 60 accept s% l => 60x 0
  A many 60 send c% 3 => 60x 3
  A select r=s%60,c%60 t=0 => 60 r:60 of s%60,0 of c%60
  A many 60 recv s% 16 => 60x 3 'abc'
  A many 60 send s% 4 => 60x 4
  A select r=s%60,c%60 t=0 => 60 r:0 of s%60,60 of c%60
  A many 60 recv c% 16 => 60x 4 'abcd'
`,
);

add(
  "urgent bytes to oneself",
  `
  A listener l
  A connection c $l => 0
  A accept s l => 0
  A send c 3
  A send c 1 oob => 1
  settle
  A select r=s e=s t=0 => 2 r:s e:s
  A recv s 16 => 3 'abc'
  A ioctl s SIOCATMARK => 0 -> 0
  A recv s 1 oob => 1 'A'
`,
);
