import { Group } from "../scenario.js";

/** `listen`: names, addresses, backlog. */
export const listeningGroup = new Group("listening");
const { add } = listeningGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "listen: a socket without a name",
  `
  A socket s
  A listen s 5 => -1 WSAEINVAL
  A bind s 0
  A listen s 5 => 0
`,
  alone,
);

add(
  "listen: again, with another backlog",
  `
  A listener l
  A listen l 2 => 0
  A listen l 20 => 0
  B connection s $l => 0
  A accept s l => 0
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "listen: backlog of none, negative and huge",
  `
  A socket s
  A bind s 0
  A listen s 0 => 0
  A listen s -1 => 0
  A listen s 0x7fffffff => 0
`,
  alone,
);

add(
  "listen: a connected socket",
  `
  pair
  A listen s 5 => -1 WSAEISCONN | both: -1 WSAEINVAL (Wine asks Linux, which has one error for both)
  B listen s 5 => -1 WSAEISCONN | both: -1 WSAEINVAL (as above)
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "listen: datagrams",
  `
  A socket s dgram
  A bind s 0
  A listen s 5 => -1 WSAEOPNOTSUPP
`,
  alone,
);

add(
  "listener closes before it has accepted",
  `
  B listener l
  A connection s $l => 0
  A send s 5 => 5
  B close l => 0
  settle
  A select r=s w=s e=s t=0
  A recv s 16
  A recv s 16
  A send s 5 => -1 WSAECONNRESET
`,
  { kernelOnly: "the acceptor is gone before there is anybody to share memory with" },
);

add(
  "listener on every address: connect by several of them",
  `
  A listener l any:0
  B connection s 127.0.0.1:$l => 0
  A accept s l => 0
  B connection t 127.0.0.2:$l => 0
  A accept t l => 0
  B connection u 127.8.9.10:$l => 0
  A accept u l => 0
  B send s 3
  B send t 4
  B send u 5
  A recv s 16 => 3 'abc'
  A recv t 16 => 4 'abcd'
  A recv u 16 => 5 'abcde'
`,
);

add(
  "listeners with one port on two addresses",
  `
  A listener l 127.0.0.1:0
  C listener l2 127.0.0.2:$l => 0
  B connection s 127.0.0.1:$l => 0
  B connection t 127.0.0.2:$l => 0
  A accept s l => 0
  C accept t l2 => 0
  A send s 3
  C send t 4
  B recv s 16 => 3 'abc'
  B recv t 16 => 4 'abcd'
`,
);

add(
  "listener with one address: another one is refused",
  `
  A listener l 127.0.0.3:0
  B connection s 127.0.0.4:$l => -1 WSAECONNREFUSED
  B connection t 127.0.0.3:$l => 0
  A accept t l => 0
  A send t 3
  B recv t 16 => 3 'abc'
`,
);

add(
  "SO_ACCEPTCONN says who listens",
  `
  A listener l
  A get l SO_ACCEPTCONN => 0 -> 1, 4 bytes
  B connection s $l
  A accept s l
  A get s SO_ACCEPTCONN => 0 -> 0, 4 bytes
  B get s SO_ACCEPTCONN => 0 -> 0, 4 bytes
`,
);
