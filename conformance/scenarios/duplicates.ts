import { Group } from "../scenario.js";

/** DuplicateHandle on a SOCKET, within the process. */
export const duplicatesGroup = new Group("duplicates");
const { add } = duplicatesGroup;

add(
  "a duplicated handle takes the place of the first",
  `
  pair
  A duplicate s d close => TRUE
  A writefile d 5 => TRUE 5
  B recv s 16 => 5 'abcde'
  A closehandle d => TRUE
  B recv s 16 => 0
`,
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
);

add(
  "a duplicate takes the place of a socket whose connection has ended",
  `
  pair
  A shutdown s 1
  B close s
  A readfile s 16 => TRUE 0
  A duplicate s d close => TRUE
  A writefile d 5 => FALSE ERROR_PIPE_NOT_CONNECTED
  A closehandle d => TRUE
`,
);

add(
  "closesocket on a duplicate that has taken the place of the socket",
  `
  pair
  A duplicate s d close => TRUE
  A close d => 0
  B recv s 16 => 0
`,
);

add(
  "closesocket on a duplicate of a socket that stays",
  `
  pair
  A duplicate s d => TRUE
  A close d => 0 | both: -1 WSAENOTSOCK (Wine's WinSock knows only the handles that it made)
  A closehandle d => TRUE | both: TRUE (so it is still open)
  A send s 5 => 5
  A close s => 0
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
`,
);

add(
  "a duplicate of a socket that is closed: another one with its number is none of its",
  `
  A socket u
  A duplicate u d => TRUE
  A close u => 0
  pair
  A readfile d 16
  A writefile d 5
  B send s 5
  A recv s 16 => 5 'abcde'
`,
);
