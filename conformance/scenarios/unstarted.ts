import { Group } from "../scenario.js";

/** Calls before the first `WSAStartup`, and how often it was called. Processes that are used here end with their script. */
export const unstartedGroup = new Group("before WSAStartup", "unstarted");
const { add } = unstartedGroup;

add(
  "every call, and everything works after it",
  `
  A socket s => -1 WSANOTINITIALISED
  A cleanup => -1 WSANOTINITIALISED
${["send never 5", "recv never 5", "sendto never 5", "recvfrom never 5", "recvex never 5", "connect never 9", "bind never 0", "listen never 5", "accept t never", "getsockname never", "getpeername never", "get never SO_TYPE", "set never SO_KEEPALIVE 1", "ioctl never FIONBIO 1", "shutdown never 1", "select r=never t=0"].map((call) => `  A ${call} => -1 WSANOTINITIALISED | both: -1 WSAENOTSOCK (Wine looks at the handle first)\n`).join("")}
  A close never => -1 WSANOTINITIALISED
  A isblocking => 0
  A startup 1 1 => 0 version 1.1
  A listener l => 0
  B startup 1 1 => 0 version 1.1
  B connection s $l => 0
  A accept s l => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  A leaves
  B recv s 16 => 0
  B leaves
`,
);

add(
  "it counts: as many times as it was called",
  `
  A startup 1 1 => 0 version 1.1
  A startup 1 1 => 0 version 1.1
  A@1 startup 2 2 => 0 version 2.2
  B startup 1 1
  A listener l => 0
  B connection s $l => 0
  A accept s l => 0
  A cleanup => 0
  A@1 cleanup => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  A connection t $l => 0
  A accept u l => 0
  A send u 3
  A recv t 16 => 3 'abc'
  A cleanup => 0
  settle
  B recv s 16 => 0
  A socket v => -1 WSANOTINITIALISED
  A cleanup => -1 WSANOTINITIALISED
  A startup 1 1 => 0 version 1.1
  A listener m => 0
  B connection w $m => 0
  A accept w m => 0
  B send w 4
  A recv w 16 => 4 'abcd'
  A leaves
  B leaves
`,
);

add(
  "a WSAStartup that fails does not count",
  `
  A startup 0 0 => WSAVERNOTSUPPORTED
  A socket s => -1 WSANOTINITIALISED
  A startup 1 1 null => WSAEFAULT
  A socket s
  A cleanup
  A leaves
`,
  { kernelOnly: "nothing is connected" },
);
