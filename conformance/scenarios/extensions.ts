import { Group } from "../scenario.js";

/** `AcceptEx`, `GetAcceptExSockaddrs` and `TransmitFile`, with and without an OVERLAPPED. */
export const extensionsGroup = new Group("extensions", "extended");
const { add } = extensionsGroup;

const alone = { kernelOnly: "nothing is connected" };

add(
  "AcceptEx without bytes: ends with the connection",
  `
  A listener l
  A socket s
  A acceptex s l 0 => started
  A completes s t=30 => still pending
  B connection s $l => 0
  A completes s accept => TRUE 0 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 4
  A recv s 16 => 4 'abcd'
`,
);

add(
  "AcceptEx with bytes: ends with the first of them",
  `
  A listener l
  A socket s
  A acceptex s l 64 => started
  B connection s $l => 0
  A completes s t=30 => still pending
  B send s 5
  A completes s accept => TRUE 5 'abcde' 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
  B send s 3
  A recv s 16 => 3 'fgh'
`,
);

add(
  "AcceptEx with bytes: fewer than were sent",
  `
  A listener l
  A socket s
  A acceptex s l 3 => started
  B connection s $l
  B send s 5
  A completes s accept => TRUE 3 'abc' 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
  A recv s 16 => 2 'de'
`,
);

add(
  "AcceptEx with bytes: the peer closes without any",
  `
  A listener l
  A socket s
  A acceptex s l 64 => started
  B connection s $l
  settle
  B close s
  A completes s accept => TRUE 0 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0 | wine: TRUE 0 0.0.0.0:<0> 0.0.0.0:<0>, context 0 (Wine asks for the names too late)
  A recv s 16 => 0
`,
);

add(
  "AcceptEx: the connection waits already",
  `
  A listener l
  B connection s $l
  B send s 5
  settle
  A socket s
  A acceptex s l 64 => started
  A completes s accept => TRUE 5 'abcde' 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
`,
);

add(
  "AcceptEx: two at once",
  `
  A listener l
  A socket s
  A socket t
  A acceptex s l 0 => started
  A acceptex t l 0 => started
  B connection s $l
  A completes s accept => TRUE 0 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
  B connection t $l
  A completes t accept => TRUE 0 127.0.0.1:<A.l> 127.0.0.1:<B.t>, context 0
  B send t 3
  A recv t 16 => 3 'abc'
`,
);

add(
  "AcceptEx with bytes: a connection without any holds up no other",
  `
  A listener l
  A socket s
  A socket t
  A acceptex s l 64 => started
  A acceptex t l 64 => started
  B connection s $l => 0
  settle
  B connection t $l => 0
  B send t 3
  A completes t accept => TRUE 3 'abc' 127.0.0.1:<A.l> 127.0.0.1:<B.t>, context 0
  A completes s t=30 => still pending
  B send s 2
  A completes s accept => TRUE 2 'ab' 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
`,
);

add(
  "AcceptEx with bytes: the new socket is closed while they are waited for",
  `
  A listener l
  A socket s
  A acceptex s l 64 => started
  B connection s $l => 0
  settle
  A close s => 0
  A completes s => FALSE ERROR_OPERATION_ABORTED
`,
);

add(
  "AcceptEx: one after the other",
  `
  A listener l
  A socket s
  A acceptex s l 0 => started
  B connection s $l => 0
  A completes s accept => TRUE 0 127.0.0.1:<A.l> 127.0.0.1:<B.s>, context 0
  B send s 3
  A select r=s => 1 r:s
  A recv s 16 => 3 'abc'
  A close s => 0
  B recv s 16 => 0
  A socket t
  A acceptex t l 64 => started
  B connection t $l => 0
  B send t 4
  A completes t accept => TRUE 4 'abcd' 127.0.0.1:<A.l> 127.0.0.1:<B.t>, context 0
`,
);

add(
  "AcceptEx and accept on one listener",
  `
  A listener l
  A socket s
  A acceptex s l 0 => started
  B connection s $l
  A completes s accept
  B connection t $l
  A accept t l => 0
  B send t 3
  A recv t 16 => 3 'abc'
  A send s 2
  B recv s 16 => 2 'ab'
`,
);

add(
  "AcceptEx: a completion port is told of it",
  `
  A listener l
  A port l 5 => TRUE
  A socket s
  A acceptex s l 0 port => started
  B connection s $l => 0
  A dequeue => TRUE key 5, s 0
  A port s 6 => TRUE
  A beginfile s read 16 port => started
  B send s 5
  A dequeue => TRUE key 6, s 5 'abcde'
  A beginfile s write 3 port => started
  A dequeue => TRUE key 6, s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "AcceptEx with bytes: a completion port is told of it",
  `
  A listener l
  A port l 5 => TRUE
  A socket s
  A acceptex s l 64 port => started
  B connection s $l => 0
  A dequeue t=30 => FALSE WAIT_TIMEOUT
  B send s 5
  A dequeue => TRUE key 5, s 5
`,
);

add(
  "AcceptEx: the listener is closed",
  `
  A listener l
  A socket s
  A acceptex s l 0 => started
  A close l => 0
  A completes s => FALSE ERROR_OPERATION_ABORTED
`,
  alone,
);

add(
  "AcceptEx: bad arguments",
  `
  A listener l
  A socket s
  A acceptex s event 0 => WSAENOTSOCK
  A acceptex event l 0 => WSAENOTSOCK
  A socket u
  A bind u 0
  A acceptex s u 0 => WSAEINVAL | both: started (Wine waits for a connection that cannot come)
  A acceptex s l 0 plain
`,
  alone,
);

add(
  "TransmitFile: a whole file",
  `
  pair
  A transmitfile s 5 => TRUE
  B recv s 16 => 5 'abcde'
  A send s 3
  B recv s 16 => 3 'fgh'
`,
);

add(
  "TransmitFile: a large file",
  `
  pair
  B@1 recvall s 500000 &
  A transmitfile s 500000 => TRUE
  B@1 ends => all
`,
);

add(
  "TransmitFile: a large file on a non-blocking socket",
  `
  pair
  A ioctl s FIONBIO 1 => 0
  B@1 recvall s 500000 &
  A transmitfile s 500000 => TRUE
  B@1 ends => all
`,
);

add(
  "TransmitFile: overlapped, the socket is closed meanwhile",
  `
  pair
  A@1 transmitfile s 8000000 overlapped &
  settle
  settle
  A@1 blocked
  A close s => 0
  A@1 ends => FALSE ERROR_OPERATION_ABORTED | wine: FALSE error 996 (Wine goes on sending, and says that the operation is not through)
`,
);

add(
  "TransmitFile: a part of a file",
  `
  pair
  A transmitfile s 500 bytes=7 => TRUE
  B recv s 16 => 7 'abcdefg'
`,
);

add(
  "TransmitFile: with head and tail",
  `
  pair
  A transmitfile s 5 head=HEAD tail=TAIL => TRUE
  settle
  B recv s 40 => 13 'HEADabcdeTAIL'
`,
);

add(
  "TransmitFile: head and tail without a file",
  `
  pair
  A transmitfile s 0 nofile head=HEAD tail=TAIL => TRUE
  settle
  B recv s 40 => 8 'HEADTAIL'
`,
);

add(
  "TransmitFile: overlapped",
  `
  pair
  A transmitfile s 5000 overlapped => TRUE 5000
  B recvall s 5000 => all
`,
);

add(
  "TransmitFile: disconnects afterwards",
  `
  pair
  A transmitfile s 5 flags=1 => TRUE
  B recv s 16 => 5 'abcde'
  B ioctl s FIONBIO 1
  settle
  B recv s 16 => 0 | wine: -1 WSAEWOULDBLOCK (Wine does not disconnect)
`,
);

add(
  "TransmitFile: the peer has reset the connection",
  `
  pair
  B set s SO_LINGER 1 0
  B close s
  settle
  A transmitfile s 5 => FALSE WSAECONNRESET | wine: FALSE WSAENOTCONN (Wine asks for the peer's name first)
`,
);

add(
  "TransmitFile: sending is shut down",
  `
  pair
  A shutdown s 1
  A transmitfile s 5 => FALSE WSAESHUTDOWN
`,
);

add(
  "TransmitFile: sockets without a connection",
  `
  A socket s
  A transmitfile s 5 => FALSE WSAENOTCONN
  A transmitfile event 5 => FALSE WSAENOTSOCK
`,
  alone,
);

add(
  "TransmitFile: a file that gets the number of a duplicate that is closed",
  `
  pair
  A duplicate s d => TRUE
  A closehandle d => TRUE
  A transmitfile s 20 => TRUE
  B recv s 64 => 20 'abcdefghijklmnopqrst'
  A close s => 0
  B recv s 64 => 0
`,
);
