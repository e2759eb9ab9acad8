import { Group } from "../scenario.js";

/** `socket`, `bind`, `getsockname`, `getpeername`: names and their errors. */
export const addressesGroup = new Group("addresses");
const { add } = addressesGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "socket: address families and types",
  `
  A socket s family=2 type=1 protocol=0 => 0
  A socket s family=2 type=1 protocol=6 => 0
  A socket s family=2 type=2 protocol=17 => 0
  A socket s family=77 type=1 => -1 WSAEAFNOSUPPORT
  A socket s family=2 type=9 => -1 WSAESOCKTNOSUPPORT
  A socket s family=2 type=1 protocol=17 => -1 WSAEPROTONOSUPPORT
  A socket s family=2 type=2 protocol=6 => -1 WSAEPROTONOSUPPORT
`,
  alone,
);

add(
  "socket: family 0 with a protocol that tells it",
  `
  A socket s family=0 type=1 protocol=6
  A socket t family=0 type=2 protocol=17
  A socket u family=0 type=0 protocol=0 => -1 WSAEINVAL
`,
  alone,
);

add(
  "socket: the address family is unspecified, and connections come about all the same",
  `
  A socket l family=0 protocol=6 => 0
  A bind l 0
  A listen l 5
  B connection s $l => 0
  A accept s l => 0
  A send s 5
  B recv s 16 => 5 'abcde'
`,
  { kernelOnly: "only sockets that say AF_INET become user-level" },
);

add(
  "bind: port 0 gives a free port",
  `
  A socket s
  A bind s 0 => 0
  A getsockname s => 0 127.0.0.1:<A.s> 16 bytes
`,
  alone,
);

add(
  "bind: any address, port 0",
  `
  A socket s
  A bind s any:0 => 0
  A getsockname s => 0 0.0.0.0:<A.s> 16 bytes
`,
  alone,
);

add(
  "bind: twice",
  `
  A socket s
  A bind s 0 => 0
  A bind s 0 => -1 WSAEINVAL
  A getsockname s => 0 127.0.0.1:<A.s> 16 bytes
`,
  alone,
);

add(
  "bind: no name, a short name, a wrong family",
  `
  A socket s
  A bind s null => -1 WSAEFAULT
  A bind s 0 len=8 => -1 WSAEFAULT
  A bind s 0 len=0 => -1 WSAEFAULT
  A bind s 0 family=77 => -1 WSAEAFNOSUPPORT
  A getsockname s => -1 WSAEINVAL
  A bind s 0 => 0
`,
  alone,
);

add(
  "bind: an address that is not of this machine",
  `
  A socket s
  A bind s 192.0.2.77:0 => -1 WSAEADDRNOTAVAIL
  A bind s 0 => 0
`,
  alone,
);

add(
  "bind: a port that another socket listens on",
  `
  A listener l
  B socket s
  B bind s $l => -1 WSAEADDRINUSE
  A socket s
  A bind s $l => -1 WSAEADDRINUSE
  A close l
  A bind s $l => 0
`,
  alone,
);

add(
  "bind: a connected socket",
  `
  pair
  A bind s 0 => -1 WSAEINVAL
  B bind s 0 => -1 WSAEINVAL
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "bind: SO_REUSEADDR lets two sockets have one port",
  `
  A socket s
  A set s SO_REUSEADDR 1 => 0
  A bind s 0
  A socket t
  A set t SO_REUSEADDR 1
  A bind t $s => 0
`,
  alone,
);

add(
  "bind: the port of a closed listener at once",
  `
  A listener l
  B connection s $l
  A accept s l
  A close s => 0
  A close l => 0
  B recv s 16 => 0
  B close s
  A socket l
  A bind l $l => 0
  A listen l 5 => 0
  B connection s $l => 0
  A accept s l => 0
  A send s 4
  B recv s 16 => 4 'abcd'
`,
);

add(
  "bind: the connector chooses its port",
  `
  A listener l
  B socket s
  B bind s 0 => 0
  B connect s $l => 0
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "bind: the connector chooses another loopback address",
  `
  A listener l
  B socket s
  B bind s 127.0.0.9:0 => 0
  B connect s $l => 0
  A accept s l from => 0 127.0.0.9:<B.s> 16 bytes
  A getpeername s => 0 127.0.0.9:<B.s> 16 bytes
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "getsockname: a socket without a name",
  `
  A socket s
  A getsockname s => -1 WSAEINVAL
`,
  alone,
);

add(
  "getsockname: no room for the name",
  `
  A socket s
  A bind s 0
  A getsockname s len=8 => -1 WSAEFAULT
  A getsockname s null => -1 WSAEFAULT
  A getsockname s len=16 => 0 127.0.0.1:<A.s> 16 bytes
  A getsockname s len=64 => 0 127.0.0.1:<A.s> 16 bytes
`,
  alone,
);

add(
  "getpeername: sockets without a peer",
  `
  A socket s
  A getpeername s => -1 WSAENOTCONN
  A bind s 0
  A getpeername s => -1 WSAENOTCONN
  A listen s 1
  A getpeername s => -1 WSAENOTCONN
`,
  alone,
);

add(
  "getpeername: no room for the name",
  `
  pair
  A getpeername s len=8 => -1 WSAEFAULT
  A getpeername s null => -1 WSAEFAULT
  B getpeername s len=16
  A getpeername s len=40
  A send s 3 => 3
`,
);

add(
  "names of both sides",
  `
  A listener l
  B connection s $l
  A accept s l
  A getsockname s => 0 127.0.0.1:<A.l> 16 bytes
  A getpeername s => 0 127.0.0.1:<B.s> 16 bytes
  B getsockname s => 0 127.0.0.1:<B.s> 16 bytes
  B getpeername s => 0 127.0.0.1:<A.l> 16 bytes
`,
);

add(
  "getsockname: after a listener on every address has accepted",
  `
  A listener l any:0
  A getsockname l => 0 0.0.0.0:<A.l> 16 bytes
  B connection s 127.0.0.5:$l => 0
  A accept s l => 0
  A getsockname s => 0 127.0.0.5:<A.l> 16 bytes
  B getpeername s => 0 127.0.0.5:<A.l> 16 bytes
`,
);

add(
  "names: handles that are no sockets",
  `
  A getsockname event => -1 WSAENOTSOCK
  A getpeername event => -1 WSAENOTSOCK
  A bind event 0 => -1 WSAENOTSOCK
  A getsockname never => -1 WSAENOTSOCK
  A bind never 0 => -1 WSAENOTSOCK
`,
  alone,
);
