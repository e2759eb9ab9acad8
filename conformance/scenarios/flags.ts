import { Group } from "../scenario.js";

/** MSG_PEEK and the other flags of sending and receiving, but for MSG_OOB. */
export const flagsGroup = new Group("flags");
const { add } = flagsGroup;

add(
  "peek leaves the bytes",
  `
  pair
  B send s 10
  settle
  A recv s 4 peek => 4 'abcd'
  A recv s 16 peek => 10 'abcdefghij'
  A ioctl s FIONREAD => 0 -> 10
  A recv s 4 => 4 'abcd'
  A recv s 16 peek => 6 'efghij'
  A recv s 16 => 6 'efghij'
`,
);

add(
  "peek waits for bytes",
  `
  pair
  A@1 recv s 16 peek &
  A@1 blocked => yes
  B send s 3
  A@1 ends => 3 'abc'
  A recv s 16 => 3 'abc'
`,
);

add(
  "peek without blocking: nothing there",
  `
  pair
  A ioctl s FIONBIO 1
  A recv s 16 peek => -1 WSAEWOULDBLOCK
  B send s 3
  settle
  A recv s 16 peek => 3 'abc'
  A recv s 16 peek => 3 'abc'
  A recv s 16 => 3 'abc'
  A recv s 16 peek => -1 WSAEWOULDBLOCK
`,
);

add(
  "peek at the end of the stream",
  `
  pair
  B send s 2
  B close s
  settle
  A recv s 16 peek => 2 'ab'
  A recv s 16 => 2 'ab'
  A recv s 16 peek => 0
  A recv s 16 => 0
`,
);

add(
  "peek at a great many bytes",
  `
  pair
  A@1 sendall s 20000 &
  settle
  A@1 ends => all
  B recv s 12000 peek => 12000 as sent
  B recv s 6000 peek => 6000 as sent
  B recvall s 20000 => all
`,
);

add(
  "peek shows what came since the last peek",
  `
  pair
  B send s 3
  settle
  A recv s 16 peek => 3 'abc'
  B send s 3
  settle
  A recv s 16 peek => 6 'abcdef'
  A recv s 2 => 2 'ab'
  A recv s 16 peek => 4 'cdef'
`,
);

add(
  "MSG_DONTROUTE on send means nothing here",
  `
  pair
  A send s 5 dontroute => 5
  B recv s 16 => 5 'abcde'
  B send s 5 dontroute => 5
  A recv s 16 => 5 'abcde'
`,
);

add(
  "MSG_DONTROUTE on recv",
  `
  pair
  B send s 5
  settle
  A recv s 16 dontroute => -1 WSAEOPNOTSUPP | wine: 5 'abcde' (Wine passes over flags that it does not know here)
`,
);

add(
  "MSG_PEEK on send",
  `
  pair
  A send s 5 peek => -1 WSAEOPNOTSUPP | wine: 5 (Wine passes over flags that it does not know here)
`,
);

add(
  "unknown flags",
  `
  pair
  B send s 5
  settle
  A send s 5 flags=0x4000 => -1 WSAEOPNOTSUPP | wine: 5 (Wine passes over flags that it does not know)
  A recv s 5 flags=0x4000 => -1 WSAEOPNOTSUPP | wine: 5 'abcde' (as above)
`,
);
