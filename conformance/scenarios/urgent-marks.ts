import { Group } from "../scenario.js";

/** Where in the stream urgent bytes are: what is before, at, between and behind them. */
export const urgentMarksGroup = new Group("urgent marks");
const { add } = urgentMarksGroup;

add(
  "two urgent bytes in a row: the first is dropped",
  `
  pair
  B send s 1 oob
  B send s 1 oob
  settle
  A ioctl s FIONREAD
  A recv s 1 oob => 1 'A'
  B send s 2
  settle
  A recv s 16 => 2 'ab'
`,
);

add(
  "three urgent bytes in a row, and one behind others",
  `
  pair
  B send s 1 oob
  B send s 1 oob
  B send s 1 oob
  B send s 2
  B send s 1 oob
  B send s 2
  settle
  A recv s 1 oob => 1 'A'
  A recv s 16
  A recv s 16
`,
);

add(
  "an urgent byte becomes an ordinary one when a newer one comes before it is reached",
  `
  pair
  B send s 2
  B send s 1 oob
  B send s 2
  B send s 1 oob
  B send s 2
  settle
  A recv s 16 => 5 'abAcd'
  A recv s 16
  A recv s 16
`,
);

add(
  "a newer urgent byte comes behind bytes that were seen before: recv passes the older one",
  `
  pair
  B send s 2
  B send s 1 oob
  B send s 20
  settle
  A recv s 1 oob => 1 'A'
  A recv s 1 => 1 'a'
  B send s 1 oob
  settle
  A recv s 15
  A recv s 40
`,
);

add(
  "in line, and receiving is shut down: recv with MSG_OOB",
  `
  pair
  A set s SO_OOBINLINE 1
  A shutdown s 0
  A recv s 1 oob => -1 WSAEINVAL
`,
);

add(
  "two urgent bytes in a row, of a connector that closes before it is accepted",
  `
  B listener l
  A connection s $l
  A send s 1 oob => 1
  A send s 3 oob => 3
  settle
  A close s
  settle
  B accept s l => 0
  B recv s 16 => 2 'AB'
  B recv s 16 => 0
`,
  { kernelOnly: "closed before it is accepted" },
);

add(
  "two urgent bytes in a row, in line, of a connector that closes before it is accepted",
  `
  B listener l
  B set l SO_OOBINLINE 1
  A connection s $l
  A send s 1 oob => 1
  A send s 3 oob => 3
  settle
  A close s
  settle
  B accept s l => 0
  B recv s 16
  B recv s 16
`,
  { kernelOnly: "closed before it is accepted" },
);

add(
  "recv while only an urgent byte is there drops it",
  `
  pair
  B send s 1 oob
  settle
  A ioctl s FIONBIO 1
  A recv s 16 => -1 WSAEWOULDBLOCK
  A recv s 1 oob
  B send s 2
  settle
  A recv s 16
`,
);

add(
  "reading past an urgent byte drops it",
  `
  pair
  B send s 2
  B send s 1 oob
  B send s 2
  settle
  A ioctl s FIONBIO 1
  A recv s 16 => 2 'ab'
  A recv s 16 => 2 'cd'
  A recv s 1 oob
  A select e=s t=0
`,
);

add(
  "peeking before, and behind, an urgent byte",
  `
  pair
  B send s 2
  B send s 1 oob
  B send s 2
  settle
  A recv s 16 peek => 2 'ab'
  A recv s 16 => 2 'ab'
  A recv s 16 peek => 2 'cd'
  A recv s 1 oob => 1 'A'
  A recv s 16 => 2 'cd'
`,
);

add(
  "urgent bytes between many others",
  `
  pair
  B send s 5000
  B send s 1 oob
  B send s 5000
  settle
  A ioctl s FIONREAD
  A recv s 1 oob => 1 'A'
  A recv s 20000
  A recv s 20000
`,
);

add(
  "looking at the end does not take the urgent byte away",
  `
  pair
  A ioctl s FIONBIO 1
  B send s 1 oob
  B close s
  settle
  A recv s 16 peek => 0
  A recv s 1 oob => 1 'A'
`,
);

add(
  "recv with MSG_OOB behind the end",
  `
  pair
  A ioctl s FIONBIO 1
  B close s
  settle
  A recv s 16 => 0
  A recv s 1 oob => -1 WSAEWOULDBLOCK
`,
);

add(
  "recv with MSG_OOB behind the end, after a send of no bytes",
  `
  pair
  A ioctl s FIONBIO 1
  B close s
  settle
  A recv s 16 => 0
  A send s 0 => 0
  settle
  A recv s 1 oob => -1 WSAEWOULDBLOCK
`,
);

add(
  "recv with MSG_OOB behind the end, after a send that shutdown forbids",
  `
  pair
  A ioctl s FIONBIO 1
  A shutdown s 1
  B close s
  settle
  A recv s 16 => 0
  A send s 5 => -1 WSAESHUTDOWN
  settle
  A recv s 1 oob => -1 WSAEWOULDBLOCK
`,
);

add(
  "recv with MSG_OOB behind the end, after shutdown for receiving",
  `
  pair
  A ioctl s FIONBIO 1
  B close s
  settle
  A recv s 16 => 0
  A shutdown s 0 => 0
  A recv s 1 oob => -1 WSAESHUTDOWN
  A recv s 16 => -1 WSAESHUTDOWN
`,
);

add(
  "recv of no bytes passes over nothing",
  `
  pair
  A ioctl s FIONBIO 1
  B send s 1 oob
  settle
  A recv s 0 => 0
  A recv s 1 oob => 1 'A'
`,
);

add(
  "in line from now on: what has given way before stays away",
  `
  pair
  B send s 1 oob
  B send s 2
  B send s 1 oob
  settle
  A set s SO_OOBINLINE 1 => 0
  A recv s 16 => 2 'ab'
`,
);

add(
  "in line from now on, after the end and a shutdown of receiving: there is no urgent byte to ask for",
  `
  pair
  B close s
  settle
  A recv s 16 => 0
  A shutdown s 2 => 0
  A set s SO_OOBINLINE 1 => 0
  A recv s 1 oob => -1 WSAEINVAL
`,
);

add(
  "the mark stays after a look has found the end behind it",
  `
  pair
  B send s 7
  B send s 1 oob
  settle
  A recv s 1 oob => 1 'A'
  A recv s 16 => 7 'abcdefg'
  B close s
  settle
  A recv s 16 peek => 0
  A ioctl s SIOCATMARK => 0 -> 0
  A recv s 16 => 0
  A ioctl s SIOCATMARK => 0 -> 1
`,
);
