import { Group } from "../scenario.js";

/** `listen` and `accept`. */
export const acceptingGroup = new Group("accepting");
const { add } = acceptingGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "accept: a socket that does not listen",
  `
  A socket s
  A accept t s => -1 WSAEINVAL
  A bind s 0
  A accept t s => -1 WSAEINVAL
`,
  alone,
);

add(
  "accept: a connected socket",
  `
  pair
  A accept t s => -1 WSAEINVAL
  B accept t s => -1 WSAEINVAL
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "accept: datagrams",
  `
  A socket s dgram
  A bind s 0
  A accept t s => -1 WSAEOPNOTSUPP
`,
  alone,
);

add(
  "accept: without blocking, nobody there",
  `
  A listener l
  A ioctl l FIONBIO 1
  A accept s l => -1 WSAEWOULDBLOCK
  A select r=l w=l e=l t=0 => 0 r:- w:- e:-
  B connection s $l
  A until r=l w=l e=l => 1 r:l w:- e:-
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  A select r=l t=0 => 0 r:-
  A accept t l => -1 WSAEWOULDBLOCK
`,
);

add(
  "accept: the socket of a non-blocking listener does not block either",
  `
  A listener l
  A ioctl l FIONBIO 1
  B connection s $l
  A until r=l
  A accept s l => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  B send s 4
  A until r=s
  A recv s 16 => 4 'abcd'
`,
);

add(
  "accept: the socket of a blocking listener blocks",
  `
  A listener l
  B connection s $l
  A accept s l => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "accept: room for the name",
  `
  A listener l
  B connection s $l
  A accept s l from len=16 => 0 127.0.0.1:<B.s> 16 bytes
  B connection t $l
  A accept t l from len=40
  B connection u $l
  A accept u l => 0
`,
);

add(
  "accept: too little room for the name",
  `
  A listener l
  B connection s $l
  settle
  A accept s l from len=8 => -1 WSAEFAULT
`,
  { kernelOnly: "the connection is not accepted" },
);

add(
  "accept: waits until somebody connects",
  `
  A listener l
  A@1 accept s l &
  A@1 blocked => yes
  B connection s $l => 0
  A@1 ends => 0
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "accept: closed by another thread while it waits",
  `
  A listener l
  A@1 accept s l &
  A@1 blocked => yes
  A close l => 0
  A@1 ends => -1 WSAEINTR | both: -1 ERROR_OPERATION_ABORTED (Wine gives the status of the cancelled request as it is)
`,
  alone,
);

add(
  "accept: two threads wait on one listener",
  `
  A listener l
  A@1 accept s l &
  A@1 blocked => yes
  A@2 accept t l &
  A@2 blocked => yes
  B connection s $l => 0
  B connection t $l => 0
  A@1 ends => 0
  A@2 ends => 0
  B send s 5
  B send t 5
`,
);

add(
  "accept: connections in the order in which they were made",
  `
  A listener l
  B connection s $l
  B connection t $l
  B connection u $l
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  A accept t l from => 0 127.0.0.1:<B.t> 16 bytes
  A accept u l from => 0 127.0.0.1:<B.u> 16 bytes
  B send u 3
  A recv u 16 => 3 'abc'
  A send s 4
  B recv s 16 => 4 'abcd'
`,
);

add(
  "accept: two processes connect to one listener",
  `
  A listener l
  B connection s $l
  C connection s $l
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  A accept t l from => 0 127.0.0.1:<C.s> 16 bytes
  A send s 5
  A send t 6
  B recv s 16 => 5 'abcde'
  C recv s 16 => 6 'abcdef'
`,
);

add(
  "accept: the connector has closed in order before",
  `
  A listener l
  B connection s $l
  B send s 5
  B close s
  B connection t $l
  B close t
  settle
  A accept s l => 0
  A recv s 16 => 5 'abcde'
  A recv s 16 => 0
  A accept t l => 0
  A recv t 16 => 0
`,
  { kernelOnly: "the connector is gone before there is anybody to share memory with" },
);

add(
  "accept: the connector has reset the connection before",
  `
  A listener l
  B connection s $l
  B send s 5
  settle
  B set s SO_LINGER 1 0
  B close s => 0
  settle
  A accept s l
  A recv s 16
  A recv s 16
  A get l SO_ACCEPTCONN => 0 -> 1, 4 bytes
`,
  { kernelOnly: "the connector is gone before there is anybody to share memory with" },
);

add(
  "accept: bytes and half-close before it",
  `
  A listener l
  B connection s $l => 0
  B send s 5 => 5
  B send s 5 => 5
  B shutdown s 1 => 0
  A accept s l => 0
  A recv s 16 => 10 'abcdefghij'
  A recv s 16 => 0
  A send s 5
  B recv s 16 => 5 'abcde'
  B close s => 0
`,
);

add(
  "accepted sockets inherit the listener's options",
  `
  A listener l
  A set l SO_KEEPALIVE 1
  A set l SO_LINGER 1 7
  A set l SO_OOBINLINE 1
  B connection s $l
  A accept s l
  A get s SO_KEEPALIVE => 0 -> 1, 4 bytes | both: 0 -> 1, 1 bytes (Wine says how much of the BOOL it wrote)
  A get s SO_LINGER => 0 -> 1 7, 4 bytes
  A get s SO_OOBINLINE => 0 -> 1, 4 bytes
`,
);

add(
  "accepted sockets inherit the listener's receive time-out",
  `
  A listener l
  A set l SO_RCVTIMEO 60
  B connection s $l
  A accept s l
  A get s SO_RCVTIMEO => 0 -> 60, 4 bytes
  A@1 recv s 16 &
  settle
  settle
  B send s 1
  A@1 ends
`,
);

add(
  "accept: handles that are no sockets",
  `
  A accept s event => -1 WSAENOTSOCK
  A accept s never => -1 WSAENOTSOCK
  A listen event 5 => -1 WSAENOTSOCK
  A listen never 5 => -1 WSAENOTSOCK
`,
  alone,
);

add(
  "a hundred connections wait and are accepted",
  `
  A socket l
  A bind l 0
  A listen l 128 => 0
  B many 100 connection c% $l => 100x 0
  A many 100 accept c% l => 100x 0
  B many 100 send c% 5 => 100x 5
  A many 100 recv c% 16 => 100x 5 'abcde'
  A many 100 send c% 3 => 100x 3
  B many 100 recv c% 16 => 100x 3 'abc'
  A many 100 close c% => 100x 0
  B many 100 recv c% 16 => 100x 0
`,
);

add(
  "listener closes before it has accepted: send is the first to notice",
  `
  B listener l
  A connection s $l => 0
  settle
  B close l => 0
  settle
  A send s 5 => -1 WSAECONNRESET
`,
  { kernelOnly: "nobody accepts it" },
);

add(
  "listener closes before it has accepted, while recv waits",
  `
  B listener l
  A connection s $l => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B close l => 0
  A@1 ends => -1 WSAECONNRESET
`,
  { kernelOnly: "nobody accepts it" },
);

add(
  "options of the listener that change between connect and accept are not the accepted socket's",
  `
  A listener l
  B connection s $l
  settle
  A set l SO_LINGER 1 0 => 0
  A accept s l => 0
  A get s SO_LINGER
  A close s => 0
  settle
  B send s 1 => 1
`,
);

add(
  "urgent bytes are in line as the listener had it when they connected",
  `
  A listener l
  B connection s $l
  settle
  A set l SO_OOBINLINE 1 => 0
  A accept s l => 0
  B send s 1 oob
  settle
  A recv s 1 oob => 1 'A'
`,
);

add(
  "options of the listener that are taken back between connect and accept stay the accepted socket's",
  `
  A listener l
  A set l SO_LINGER 1 0
  B connection s $l
  settle
  A set l SO_DONTLINGER 1
  A accept s l => 0
  A get s SO_LINGER
  A close s => 0
  B recv s 16 => -1 WSAECONNRESET | both: 0 (Wine keeps a reset back from who comes after it)
`,
);
