import { Group } from "../scenario.js";

/** `connect`, blocking and not. */
export const connectingGroup = new Group("connecting");
const { add } = connectingGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "refused: nobody listens",
  `
  A listener l
  A close l
  B socket s
  B connect s $l => -1 WSAECONNREFUSED
  B get s SO_ERROR
  B send s 5 => -1 WSAENOTCONN | both: -1 WSAECONNRESET (Linux has the socket as one that was connected)
  B recv s 5 => -1 WSAENOTCONN | both: 0 (as above)
  B getpeername s => -1 WSAENOTCONN
`,
  alone,
);

add(
  "refused, and then somebody listens: a new socket connects",
  `
  A listener l
  A close l
  B socket s
  B connect s $l => -1 WSAECONNREFUSED
  A socket l
  A bind l $l
  A listen l 5
  B connect s $l => 0 | both: -1 WSAECONNABORTED (Linux reports the first failure once more)
  B close s
  B connection s $l => 0
  A accept s l => 0
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "refused without blocking: told by the except set",
  `
  A listener l
  A close l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B until w=s e=s => 1 w:- e:s
  B get s SO_ERROR => 0 -> WSAECONNREFUSED, 4 bytes
  B send s 5 => -1 WSAENOTCONN | both: -1 WSAECONNRESET (Linux has the socket as one that was connected)
`,
  alone,
);

add(
  "without blocking: told by the write set",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1 => 0
  B connect s $l => -1 WSAEWOULDBLOCK
  B until r=s w=s e=s => 1 r:- w:s e:-
  B get s SO_ERROR => 0 -> no error, 4 bytes
  B connect s $l => -1 WSAEISCONN
  B getsockname s => 0 127.0.0.1:<B.s> 16 bytes
  B getpeername s => 0 127.0.0.1:<A.l> 16 bytes
  B recv s 16 => -1 WSAEWOULDBLOCK
  B send s 5 => 5
  A accept s l => 0
  A recv s 16 => 5 'abcde'
  A send s 6
  B until r=s => 1 r:s
  B recv s 16 => 6 'abcdef'
  B recv s 16 => -1 WSAEWOULDBLOCK
  A close s
  settle
  B recv s 16 => 0
`,
);

add(
  "without blocking: the socket has its port at once",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B getsockname s => 0 127.0.0.1:<B.s> 16 bytes
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  B until w=s => 1 w:s
  B send s 5
  A recv s 16 => 5 'abcde'
`,
);

add(
  "without blocking, back to blocking while it goes on",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B ioctl s FIONBIO 0 => 0
  B until w=s => 1 w:s
  A accept s l => 0
  A@1 recv s 16 &
  B send s 5 => 5
  A@1 ends => 5 'abcde'
  B@1 recv s 16 &
  B@1 blocked => yes
  A send s 3
  B@1 ends => 3 'abc'
`,
);

add(
  "without blocking, closed at once",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B close s => 0
  settle
  A accept s l => 0
  A recv s 16
`,
  { kernelOnly: "the connector is gone before there is anybody to share memory with" },
);

add(
  "send before accept, then bytes both ways",
  `
  B listener l
  A connection s $l => 0
  A select r=s w=s e=s t=0 => 1 r:- w:s e:-
  A send s 5 => 5
  A send s 5 => 5
  B accept s l => 0
  B recv s 16 => 10 'abcdefghij'
  B send s 5
  A recv s 16 => 5 'abcde'
`,
);

add(
  "recv before accept waits for it",
  `
  B listener l
  A connection s $l => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B accept s l => 0
  A@1 blocked => yes
  B send s 5
  A@1 ends => 5 'abcde'
`,
);

add(
  "select before accept waits for it",
  `
  B listener l
  A connection s $l => 0
  A@1 select r=s &
  A@1 blocked => yes
  B accept s l => 0
  B send s 5
  A@1 ends => 1 r:s
  A recv s 16 => 5 'abcde'
`,
);

add(
  "more bytes before accept than a buffer holds: send waits, all arrive",
  `
  B listener l
  A connection s $l => 0
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A select w=s t=0 => 0 w:-
  B accept s l => 0
  B recvall s $filled => all
  A until w=s => 1 w:s
  A send s 5 => 5
`,
);

add(
  "a blocked send before accept goes on afterwards",
  `
  B listener l
  A connection s $l => 0
  A@1 sendall s 20000000 &
  A@1 blocked => yes
  B accept s l => 0
  B recvall s 20000000 => all
  A@1 ends => all
`,
);

add(
  "connected already",
  `
  pair
  A connect s $l => -1 WSAEISCONN
  B connect s $l => -1 WSAEISCONN
  A connect s 1 => -1 WSAEISCONN
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "a listening socket",
  `
  A listener l
  B listener m
  B connect m $l => -1 WSAEINVAL
  A connection s $m => 0
  B accept s m => 0
  A send s 4
  B recv s 16 => 4 'abcd'
`,
);

add(
  "a closed socket, handles that are no sockets",
  `
  A listener l
  B socket s
  B close s
  B connect s $l => -1 WSAENOTSOCK
  B connect event $l => -1 WSAENOTSOCK
  B connect never $l => -1 WSAENOTSOCK
`,
  alone,
);

add(
  "a short name, a wrong family",
  `
  A listener l
  B socket s
  B connect s $l len=8 => -1 WSAEFAULT | both: -1 WSAEADDRNOTAVAIL (Wine takes it for an address that it cannot translate)
  B connect s $l family=77 => -1 WSAEAFNOSUPPORT | both: -1 WSAEADDRNOTAVAIL (as above)
  B connect s $l => 0
  A accept s l => 0
  A send s 4
  B recv s 16 => 4 'abcd'
`,
);

add(
  "port 0, address 0",
  `
  A listener l
  B socket s
  B connect s 0 => -1 WSAEADDRNOTAVAIL | both: -1 WSAECONNREFUSED (Linux tries port 0)
  B socket t
  B connect t any:$l => -1 WSAEADDRNOTAVAIL | both: 0 (Linux takes address 0 for this machine)
`,
  alone,
);

add(
  "a listener in the same process and thread",
  `
  A listener l
  A connection s $l => 0
  A accept t l from => 0 127.0.0.1:<A.s> 16 bytes
  A send s 5 => 5
  A recv t 16 => 5 'abcde'
  A send t 6 => 6
  A select r=s,t t=0 => 1 r:s
  A recv s 16 => 6 'abcdef'
  A close s => 0
  settle
  A recv t 16 => 0
`,
);

add(
  "a listener in the same process: full buffers both ways",
  `
  A listener l
  A connection s $l => 0
  A accept t l => 0
  A ioctl s FIONBIO 1
  A ioctl t FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A@1 recvall t $filled &
  A@1 ends
  A until w=s => 1 w:s
`,
);

add(
  "connect to oneself without a listener: simultaneous open is no WinSock matter",
  `
  A socket s
  A bind s 0
  A connect s $s
  A getsockname s => 0 127.0.0.1:<A.s> 16 bytes
`,
  { kernelOnly: "there is no listener" },
);

add(
  "a second server takes the port over: connections go to the new one",
  `
  A listener l
  B connection s $l
  A accept s l => 0
  A close l
  C socket l
  C bind l $l => 0
  C listen l 5 => 0
  B connection t $l => 0
  C accept t l => 0
  A send s 3
  C send t 4
  B recv s 16 => 3 'abc'
  B recv t 16 => 4 'abcd'
`,
);

add(
  "each connects to the other",
  `
  A listener l
  B listener m
  A connection s $m => 0
  B connection t $l => 0
  A accept t l => 0
  B accept s m => 0
  A send s 3
  B send t 4
  A recv t 16 => 4 'abcd'
  B recv s 16 => 3 'abc'
  A send t 5
  B recv t 16 => 5 'abcde'
`,
);

add(
  "a socket is not used again for another connection after shutdown",
  `
  pair
  A shutdown s 2
  B close s
  settle
  A connect s $l => -1 WSAEISCONN
`,
);
