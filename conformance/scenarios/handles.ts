import { Group } from "../scenario.js";

/** A SOCKET is a handle: ReadFile, WriteFile, the C runtime, DuplicateHandle, inheritance. */
export const handlesGroup = new Group("handles");
const { add } = handlesGroup;

const gap = { gap: "ReadFile, WriteFile and handles of the same socket do not go through the wrapper" };

add(
  "WriteFile sends",
  `
  pair
  A writefile s 5 => TRUE 5
  B recv s 16 => 5 'abcde'
  A send s 3
  B recv s 16 => 3 'fgh'
`,
  gap,
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
  gap,
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
  gap,
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
  gap,
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
  gap,
);

add(
  "WriteFile after shutdown",
  `
  pair
  A shutdown s 1
  A writefile s 5 => FALSE ERROR_PIPE_NOT_CONNECTED
`,
  gap,
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
  gap,
);

add(
  "CloseHandle ends the connection",
  `
  pair
  A closehandle s => TRUE
  B recv s 16 => 0
`,
  gap,
);

add(
  "a duplicated handle: WriteFile and ReadFile",
  `
  pair
  A duplicate s d => TRUE
  A writefile d 5 => TRUE 5
  B recv s 16 => 5 'abcde'
  B send s 4
  settle
  A readfile d 16 => TRUE 4 'abcd'
`,
  gap,
);

add(
  "a duplicated handle: WinSock's calls",
  `
  pair
  A duplicate s d => TRUE
  A send d 5 => 5 | both: -1 WSAENOTSOCK (Wine's WinSock knows only the handles that it made)
  A getpeername d
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "a duplicated handle keeps the connection when the first is closed",
  `
  pair
  A duplicate s d => TRUE
  A send s 5
  A close s => 0
  B recv s 16 => 5 'abcde'
  A writefile d 5 => TRUE 5
  B recv s 16 => 5 'abcde' # the duplicate counts its own bytes
  A closehandle d => TRUE
  B recv s 16 => 0
`,
  gap,
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
  gap,
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
  gap,
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
