import { Group } from "../scenario.js";

/** `WSAStartup`, `WSACleanup`, the last error, blocking hooks and their cancelling. */
export const startingGroup = new Group("start and hooks");
const { add } = startingGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "WSAStartup: versions",
  `
  A startup 1 1 => 0 version 1.1
  A startup 1 0
  A startup 2 2 => 0 version 2.2 | both: 0 version 2.2 (WinSock 2 serves programs of both)
  A startup 0 0 => WSAVERNOTSUPPORTED
  A startup 1 1 null => WSAEFAULT
  A cleanup => 0
  A cleanup => 0
`,
  alone,
);

add(
  "WSACleanup counts: connections go on until the last one",
  `
  A startup 1 1
  pair
  A cleanup => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "after the last WSACleanup: every call says so",
  `
  A cleanup
  A cleanup => -1 WSANOTINITIALISED
  A socket s => -1 WSANOTINITIALISED
  A send s 5 => -1 WSANOTINITIALISED | both: -1 WSAENOTSOCK (Wine looks at the handle first)
  A recv s 5 => -1 WSANOTINITIALISED | both: -1 WSAENOTSOCK (Wine looks at the handle first)
  A select r=s t=0 => -1 WSANOTINITIALISED | both: -1 WSAENOTSOCK (Wine looks at the handle first)
  A close s => -1 WSANOTINITIALISED
  A startup 1 1 => 0 version 1.1
  A socket s => 0
  A leaves
`,
  alone,
);

add(
  "after the last WSACleanup: the peer of an open connection",
  `
  pair
  A send s 5
  A cleanup => 0
  settle
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
  A startup 1 1
  A leaves
`,
);

add(
  "WSACleanup, then WSAStartup, then a new connection",
  `
  A cleanup => 0
  A startup 1 1 => 0 version 1.1
  pair
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "the last error is kept for each thread",
  `
  pair
  A ioctl s FIONBIO 1
  A recv s 16 => -1 WSAEWOULDBLOCK
  A lasterror => WSAEWOULDBLOCK
  A@1 seterror 10054 => WSAECONNRESET
  A@1 lasterror => WSAECONNRESET
  A lasterror => WSAEWOULDBLOCK
`,
);

add(
  "the last error after a call that went well",
  `
  A listener l
  A seterror 10061
  B socket s
  B seterror 10061
  B connect s $l => 0
  B lasterror => no error
  A accept s l => 0
  A lasterror => WSAECONNREFUSED
${[
  "A send s 5 => 5",
  "B recv s 16 => 5 'abcde'",
  "B sendto s 5 => 5",
  "A recvfrom s 3 => 3 'abc'",
  "A ioctl s FIONREAD => 0 -> 2",
  "A ioctl s SIOCATMARK => 0 -> 1",
  "A recvex s 2 => 2 'de' flags 0",
  "A select r=s t=0 => 0 r:-",
  "A select r=s t=10 => 0 r:-",
  "A select w=s => 1 w:s",
  "A set s SO_OOBINLINE 1 => 0",
  "A get s SO_OOBINLINE",
  "A ioctl s FIONBIO 1 => 0",
  "A send s 0 => 0",
  "A shutdown s 1 => 0",
  "B recv s 16 => 0",
  "B shutdown s 1 => 0",
  "A recv s 16 => 0",
  "B send s 1 => -1 WSAESHUTDOWN",
]
  .map(
    (call) =>
      `  ${call[0]} seterror 10061\n  ${call}\n  ${call[0]} lasterror${call.endsWith("WSAESHUTDOWN") ? "" : " => no error"}\n`,
  )
  .join("")}
  A seterror 10061
  A close s => 0
  A lasterror => WSAECONNREFUSED
`,
);

add(
  "nothing blocks: WSAIsBlocking, WSACancelBlockingCall",
  `
  pair
  A isblocking => 0
  A cancelblocking => -1 WSAEINVAL | both: 0 (Wine has nothing to cancel and says that it went well)
  A send s 5 => 5
`,
);

add(
  "a blocking hook is called while recv waits",
  `
  pair
  A@1 hook set => another before
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 5 'abcde'
  A@1 hook called => called, blocking | wine: never called (Wine keeps the hook and never calls it)
  A@1 hook unset
`,
);

add(
  "a blocking hook cancels the call",
  `
  pair
  A@1 hook set cancel=1
  A@1 recv s 16 &
  A@1 ends => -1 WSAEINTR | wine: still blocked (Wine keeps the hook and never calls it)
`,
);

add(
  "a blocking hook makes a call that would have to wait",
  `
  pair
  A@1 hook set nested=s
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 5 'abcde'
  A@1 hook called => called, blocking, recv there -1 WSAEINPROGRESS | wine: never called (Wine keeps the hook and never calls it)
  A@1 hook unset
`,
);

add(
  "a blocking hook cancels a send",
  `
  pair
  A@1 hook set cancel=1
  A@1 fill s &
  A@1 ends => some bytes, then -1 WSAEINTR | wine: still blocked (Wine keeps the hook and never calls it)
`,
);

add(
  "the last WSACleanup with bytes unread",
  `
  pair
  B send s 5
  settle
  A cleanup => 0
  settle
  B send s 5 => -1 WSAECONNRESET
  B recv s 16
  A startup 1 1
  A leaves
`,
);

add(
  "the last WSACleanup while recv waits in another thread",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A cleanup => 0
  A@1 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (Wine says how its own server sees the closed handle)
  B recv s 16 => 0
  A leaves
`,
);

add(
  "the last WSACleanup while select waits in another thread",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  A cleanup => 0
  A@1 ends => 1 r:s or -1 WSAENOTSOCK | wine: 1 r:s (that it is cancelled is documented, and not with which result)
  B recv s 16 => 0
  A leaves
`,
);

add(
  "a socket of before the last WSACleanup means nothing after the next WSAStartup",
  `
  pair
  A cleanup => 0
  A startup 1 1 => 0 version 1.1
  A send s 5 => -1 WSAENOTSOCK
  A recv s 16 => -1 WSAENOTSOCK
  A select r=s t=0 => -1 WSAENOTSOCK
  A close s => -1 WSAENOTSOCK
  B recv s 16 => 0
  A leaves
`,
);

add(
  "WSAUnhookBlockingHook without a hook, and after one",
  `
  A hook unset => 0
  A hook set
  A hook set => ours before
  A hook unset => 0
`,
  alone,
);
