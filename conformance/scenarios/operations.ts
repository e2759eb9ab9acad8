import { Group } from "../scenario.js";

/** Operations that have begun, in the less common states of their sockets. */
export const operationsGroup = new Group("operations");
const { add } = operationsGroup;

add(
  "ReadFile on a non-blocking socket: the peer closes with bytes unread",
  `
  pair
  A ioctl s FIONBIO 1
  A send s 4 => 4
  settle
  A beginfile s read 16 => started
  A endfile s t=30 => still pending
  B close s
  A endfile s => FALSE ERROR_NETNAME_DELETED
`,
);

add(
  "ReadFile on a non-blocking socket: the listener closes that has not accepted",
  `
  B listener l
  A connection s $l
  A ioctl s FIONBIO 1
  A beginfile s read 16 => started
  A endfile s t=30 => still pending
  B close l
  A endfile s => FALSE ERROR_NETNAME_DELETED
`,
  { kernelOnly: "nobody accepts" },
);

add(
  "ReadFile on a non-blocking socket: the listener closes at once",
  `
  B listener l
  A connection s $l
  A ioctl s FIONBIO 1
  settle
  A beginfile s read 16 => started
  B close l
  A endfile s => FALSE ERROR_NETNAME_DELETED
`,
  { kernelOnly: "nobody accepts" },
);

add(
  "ReadFile: receiving is shut down while another waits",
  `
  pair
  A@1 readfile s 16 &
  A@1 blocked => yes
  A shutdown s 0
  A beginfile s read 16 => FALSE ERROR_PIPE_NOT_CONNECTED
  B send s 2
  A@1 ends => TRUE 2 'ab'
`,
);

add(
  "ReadFile: receiving is shut down",
  `
  pair
  A shutdown s 0
  A beginfile s read 16 => FALSE ERROR_PIPE_NOT_CONNECTED
`,
);

add(
  "WriteFile with an OVERLAPPED after a shutdown of sending, whatever room there was",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A shutdown s 1 => 0
  A beginfile s write 21 => FALSE ERROR_PIPE_NOT_CONNECTED
`,
);

add(
  "WriteFile with an OVERLAPPED fails at once after a reset, also where there was no room before",
  `
  pair
  A set s SO_SNDTIMEO 20
  A fill s chunk=65536
  A set s SO_SNDTIMEO 0
  B recvall s $filled => all
  B close s
  settle
  A send s 18
  settle
  A beginfile s write 20 => FALSE ERROR_NETNAME_DELETED
`,
);
