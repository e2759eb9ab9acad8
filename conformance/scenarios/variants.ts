import { Group } from "../scenario.js";

/** `sendto`, `recvfrom` and `WSARecvEx` on a stream. */
export const variantsGroup = new Group("variants of send and recv");
const { add } = variantsGroup;

add(
  "sendto without an address on a connection",
  `
  pair
  A sendto s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "sendto with the peer's address on a connection",
  `
  A listener l
  B connection s $l
  A accept s l
  B sendto s 5 to=$l => 5
  A recv s 16 => 5 'abcde'
`,
);

add(
  "sendto with another address on a connection",
  `
  pair
  A sendto s 5 to=9
  A send s 3 => 3
`,
);

add(
  "sendto on a socket that is not connected",
  `
  A socket s
  A sendto s 5 to=9 => -1 WSAENOTCONN | both: -1 WSAECONNRESET (Linux says EPIPE of a stream that was never connected)
`,
  { kernelOnly: "nothing is connected" },
);

add(
  "recvfrom on a connection: without room for an address",
  `
  pair
  B send s 5
  settle
  A recvfrom s 3 => 3 'abc'
  A recvfrom s 16 => 2 'de'
`,
);

add(
  "recvfrom on a connection: the address is left alone",
  `
  pair
  B send s 5
  settle
  A recvfrom s 3 from => 3 'abc' no address
  A recvfrom s 16 from => 2 'de' no address
  B close s
  settle
  A recvfrom s 16 from => 0 no address
`,
);

add(
  "recvfrom on a connection: peek",
  `
  pair
  B send s 5
  settle
  A recvfrom s 3 peek => 3 'abc'
  A recvfrom s 16 => 5 'abcde'
`,
);

add(
  "recvfrom on a connection: too little room for an address",
  `
  pair
  B send s 5
  settle
  A recvfrom s 16 from len=4 => 5 'abcde' no address
`,
);

add(
  "WSARecvEx: a stream has no partial messages",
  `
  pair
  B send s 5
  settle
  A recvex s 3 => 3 'abc' flags 0
  A recvex s 16 partial => 2 'de' flags 0 | wine: 2 'de' flags 32768 (Wine leaves the flags as they were)
`,
);

add(
  "WSARecvEx: peek",
  `
  pair
  B send s 5
  settle
  A recvex s 3 peek => 3 'abc' flags 0 | wine: 3 'abc' flags 2 (Wine leaves the flags as they were)
  A recvex s 16 => 5 'abcde' flags 0
`,
);

add(
  "WSARecvEx: waits, and the end",
  `
  pair
  A@1 recvex s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 5 'abcde' flags 0
  B close s
  settle
  A recvex s 16 => 0 flags 0
`,
);

add(
  "WSARecvEx: without blocking",
  `
  pair
  A ioctl s FIONBIO 1
  A recvex s 16 => -1 WSAEWOULDBLOCK
  B send s 5
  settle
  A recvex s 16 => 5 'abcde' flags 0
`,
);
