import { Group } from "../scenario.js";

/** A SOCKET is a handle: ReadFile, WriteFile, the C runtime, inheritance. */
export const handlesGroup = new Group("handles");
const { add } = handlesGroup;

add(
  "WriteFile sends",
  `
  pair
  A writefile s 5 => TRUE 5
  B recv s 16 => 5 'abcde'
  A send s 3
  B recv s 16 => 3 'fgh'
`,
);

add(
  "ReadFile receives",
  `
  pair
  B send s 5
  settle
  A readfile s 16 => TRUE 5 'abcde'
  B send s 3
  settle
  A recv s 16 => 3 'fgh'
`,
);

add(
  "ReadFile waits",
  `
  pair
  A@1 readfile s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => TRUE 5 'abcde'
`,
);

add(
  "ReadFile at the end of the stream",
  `
  pair
  B send s 2
  B close s
  settle
  A readfile s 16 => TRUE 2 'ab'
  A readfile s 16 => TRUE 0
`,
);

add(
  "ReadFile after a reset",
  `
  pair
  A@1 readfile s 16 &
  A@1 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => FALSE ERROR_NETNAME_DELETED
`,
);

add(
  "WriteFile of many bytes",
  `
  pair
  A@1 writefile s 300000 &
  B recvall s 300000 => all
  A@1 ends => TRUE 300000
`,
);

add(
  "WriteFile after shutdown",
  `
  pair
  A shutdown s 1
  A writefile s 5 => FALSE ERROR_PIPE_NOT_CONNECTED
`,
);

add(
  "ReadFile waits on a non-blocking socket too",
  `
  pair
  A ioctl s FIONBIO 1 => 0
  A@1 readfile s 16 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => TRUE 5 'abcde'
`,
);

add(
  "ReadFile without an OVERLAPPED",
  `
  pair
  A@1 readfile s 16 plain &
  A@1 blocked => yes
  B send s 5
  A@1 ends => TRUE 5 'abcde'
`,
);

add(
  "ReadFile with an OVERLAPPED: ends when bytes come",
  `
  pair
  A beginfile s read 16 => started
  A endfile s t=30 => still pending
  A send s 3
  B recv s 16 => 3 'abc'
  B send s 5
  A endfile s => TRUE 5 'abcde'
`,
);

add(
  "ReadFile with an OVERLAPPED: the bytes are there",
  `
  pair
  B send s 5
  settle
  A beginfile s read 3 => started
  A endfile s => TRUE 3 'abc'
  A recv s 16 => 2 'de'
`,
);

add(
  "ReadFile with an OVERLAPPED: the peer closes",
  `
  pair
  A beginfile s read 16 => started
  B close s
  A endfile s => TRUE 0
`,
);

add(
  "ReadFile with an OVERLAPPED: the peer resets",
  `
  pair
  A beginfile s read 16 => started
  B set s SO_LINGER 1 0
  B close s
  A endfile s => FALSE ERROR_NETNAME_DELETED
`,
);

add(
  "ReadFile with an OVERLAPPED: the socket is closed",
  `
  pair
  A beginfile s read 16 => started
  A endfile s t=30 => still pending
  A close s => 0
  A endfile s => FALSE ERROR_OPERATION_ABORTED | wine: FALSE ERROR_HANDLES_CLOSED (Wine tells why)
`,
);

add(
  "WriteFile with an OVERLAPPED",
  `
  pair
  A beginfile s write 5 => started
  A endfile s => TRUE 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "WriteFile with an OVERLAPPED while ReadFile waits",
  `
  pair
  A@1 readfile s 16 &
  A@1 blocked => yes
  A beginfile s write 5 => started
  A endfile s => TRUE 5
  B recv s 16 => 5 'abcde'
  B send s 4
  A@1 ends => TRUE 4 'abcd'
`,
);

add(
  "a completion port is told of ReadFile",
  `
  pair
  A port s 7 => TRUE
  A beginfile s read 16 port => started
  A dequeue t=30
  B send s 5
  A dequeue => TRUE key 7, s 5 'abcde'
`,
);

add(
  "a completion port is told of what is done at once",
  `
  pair
  A port s 7 => TRUE
  B send s 5
  settle
  A beginfile s read 16 port => started
  A dequeue => TRUE key 7, s 5 'abcde'
  A beginfile s write 4 port => started
  A dequeue => TRUE key 7, s 4
  B recv s 16 => 4 'abcd'
`,
);

add(
  "a completion port of two sockets",
  `
  pair
  B listener m
  A connection t $m
  B accept t m
  A port s 7 => TRUE
  A port t 8 => TRUE
  A beginfile s read 16 port => started
  A beginfile t read 16 port => started
  B send t 3
  A dequeue => TRUE key 8, t 3 'abc'
  B send s 5
  A dequeue => TRUE key 7, s 5 'abcde'
`,
);

add(
  "a completion port is not told of send and recv",
  `
  pair
  A port s 7 => TRUE
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 3
  A recv s 16 => 3 'abc'
  A dequeue t=30 => FALSE WAIT_TIMEOUT
`,
);

add(
  "a descriptor of the C runtime: write and read",
  `
  pair
  A crt s write 5 => 5
  B send s 4
  settle
  A crt s read 16
`,
);

add(
  "CloseHandle ends the connection",
  `
  pair
  A closehandle s => TRUE
  B recv s 16 => 0
`,
);

add(
  "a child process inherits a connection and writes",
  `
  pair
  A child s write 5 => 5
  B recv s 16 => 5 'abcde'
  A send s 3
  B recv s 16 => 3 'fgh'
`,
);

add(
  "a child process inherits a connection and reads",
  `
  pair
  B send s 5
  settle
  A child s read 16 => 5 'abcde'
  B send s 3
  settle
  A recv s 16 => 3 'fgh'
`,
);

add(
  "a child process inherits a connection: WinSock's calls",
  `
  pair
  A child s send 5 => 5 | both: -1 WSAENOTSOCK (Wine's WinSock knows only the handles that it made)
  A send s 3 => 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "a child process that only inherits a connection does not disturb it",
  `
  pair
  A child s nothing => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  A close s => 0
  B recv s 16 => 0
`,
);
