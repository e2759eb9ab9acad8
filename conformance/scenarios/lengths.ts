import { Group } from "../scenario.js";

/** No bytes, no buffers, and lengths beyond all buffers, in each state. */
export const lengthsGroup = new Group("lengths and buffers");
const { add } = lengthsGroup;

add(
  "send of no bytes: the buffer is full, without blocking",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A send s 0 => 0
  A send s 0 buf=null => 0
  A send s 1 => -1 WSAEWOULDBLOCK
`,
);

add(
  "send of no bytes: the buffer is full, blocking",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0
  A@1 send s 0 &
  A@1 blocked => NO, IT HAS RETURNED | wine: yes (Wine waits until there is room, for which nothing is needed)
  B recvall s $filled => all
  A@1 ends => 0
`,
);

add(
  "send of no bytes: before accept, after shutdown, after a reset",
  `
  B listener l
  A connection s $l
  A send s 0 => 0
  B accept s l => 0
  A send s 0 => 0
  A sendto s 0 => 0
  A shutdown s 1
  A send s 0 => -1 WSAESHUTDOWN
  A sendto s 0 => -1 WSAESHUTDOWN
  B set s SO_LINGER 1 0
  B close s
  settle
  A send s 0
`,
);

add(
  "send of no urgent bytes",
  `
  pair
  A send s 0 oob => 0
  A send s 3 => 3
  settle
  B select r=s e=s t=0 => 1 r:s e:-
  B recv s 16 => 3 'abc'
`,
);

add(
  "recv of no bytes while nothing is there: blocking",
  `
  pair
  A@1 recv s 0 &
  A@1 blocked
  B send s 3
  A@1 ends => 0
  A recv s 16 => 3 'abc'
`,
);

add(
  "recv of no bytes: every variant of it",
  `
  pair
  B send s 3
  settle
  A recv s 0 => 0
  A recv s 0 peek => 0
  A recvfrom s 0 => 0
  A recvex s 0
  A ioctl s FIONREAD => 0 -> 3
  A recv s 16 => 3 'abc'
`,
);

add(
  "recv of no bytes: half closed, reset, shut down",
  `
  pair
  B shutdown s 1
  settle
  A recv s 0 => 0
  A recv s 16 => 0
  A recv s 0 => 0
  A shutdown s 0
  A recv s 0 => -1 WSAESHUTDOWN
`,
);

add(
  "recv of no bytes after a reset",
  `
  pair
  B set s SO_LINGER 1 0 => 0
  B close s => 0
  settle
  A recv s 0
  A recv s 16
  A recv s 0
`,
);

add(
  "recv into a buffer that ends before its length, though not before what comes",
  `
  pair
  B send s 5
  settle
  A recv s 2147483647 buf=small => -1 WSAEFAULT
  A recv s 2147483647 buf=small peek => -1 WSAEFAULT
  A recvfrom s 2147483647 buf=small => -1 WSAEFAULT
  A recv s 16 => 5 'abcde'
`,
);

add(
  "recv of the most negative length",
  `
  pair
  B send s 5
  settle
  A recv s -2147483648 => -1 WSAEFAULT | wine: -1 WSAEFAULT or -1 WSAEINVAL (it depends on the width of a size whether Linux gets so far)
  A recv s 5 => 5 'abcde'
`,
);

add(
  "no buffer: peek, recvfrom, WSARecvEx, sendto, urgent",
  `
  pair
  B send s 5
  settle
  A recv s 5 buf=null peek => -1 WSAEFAULT
  A recvfrom s 5 buf=null => -1 WSAEFAULT
  A recvex s 5 buf=null => -1 WSAEFAULT
  A recv s 5 buf=bad peek => -1 WSAEFAULT
  A recvfrom s 5 buf=bad => -1 WSAEFAULT
  A recvex s 5 buf=bad => -1 WSAEFAULT
  A sendto s 5 buf=null => -1 WSAEFAULT
  A sendto s 5 buf=bad => -1 WSAEFAULT
  A send s 1 buf=bad oob
  A recv s 16 => 5 'abcde'
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "no buffer while nothing is there: without blocking, and blocking",
  `
  pair
  A ioctl s FIONBIO 1
  A recv s 5 buf=null => -1 WSAEFAULT
  A recv s 5 buf=bad => -1 WSAEFAULT
  A recv s 5 buf=bad peek => -1 WSAEFAULT
  A recv s 2147483647 buf=small => -1 WSAEFAULT
  A ioctl s FIONBIO 0
  A@1 recv s 5 buf=bad &
  A@1 ends => -1 WSAEFAULT
  A@1 recvfrom s 5 buf=bad &
  A@1 ends => -1 WSAEFAULT
  B send s 5
  A recv s 16 => 5 'abcde'
`,
);

add(
  "no buffer to send from: the buffer is full, shut down, ended",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A send s 5 buf=bad
  A shutdown s 1
  A send s 5 buf=bad => -1 WSAESHUTDOWN
  A send s -1 => -1 WSAESHUTDOWN or -1 WSAEFAULT
`,
);

add(
  "negative lengths after shutdown and after the end",
  `
  pair
  A shutdown s 0
  A recv s -1
  A shutdown s 1
  A send s -1
  B recv s 16 => 0
  B close s
`,
);

add(
  "one send of a hundred million bytes",
  `
  pair
  A@1 send s 100000000 &
  B recvall s 100000000 => all
  A@1 ends => 100000000
`,
);
