import { Group } from "../scenario.js";

/** A connect that goes on for a while, because the listener's queue is full: which calls say what meanwhile. */
export const slowConnectGroup = new Group("connecting slowly");
const { add } = slowConnectGroup;

/** The listener's queue is full: the next connect goes on until something is accepted (Linux tries again after a second). */
const full = `
  A socket l
  A bind l 0
  A listen l 1
  B connection a $l => 0
  B connection b $l => 0
`;

add(
  "without blocking: not ready, and connect again says so",
  `
  ${full}
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B select r=s w=s e=s t=20 => 0 r:- w:- e:-
  B connect s $l => -1 WSAEALREADY or -1 WSAEINVAL # WinSock 1.1 had no WSAEALREADY for this
  A accept a l => 0
  A accept b l => 0
  B until w=s e=s => 1 w:s e:-
  A accept s l => 0
  B send s 3 => 3
  A recv s 16 => 3 'abc'
  B connect s $l => -1 WSAEISCONN
`,
);

add(
  "without blocking: every call meanwhile",
  `
  ${full}
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  B send s 3 => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B send s 0 => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B recv s 16 => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B recv s 16 peek => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B recvfrom s 16 => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B recvex s 16 => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B send s 1 oob => -1 WSAENOTCONN | wine: -1 WSAEWOULDBLOCK (Linux says EAGAIN of a stream that is not connected yet)
  B getsockname s
  B getpeername s => -1 WSAENOTCONN
  B get s SO_ERROR => 0 -> no error, 4 bytes
  B ioctl s FIONREAD
  B ioctl s SIOCATMARK
  B shutdown s 1 => -1 WSAENOTCONN
  B bind s 0
  B listen s 5
  B accept t s
  A accept a l => 0
  A accept b l => 0
  B until w=s => 1 w:s
  A accept s l => 0
  B send s 3 => 3
  A recv s 16 => 3 'abc'
`,
);

add(
  "it waits, and goes on when there is room in the queue",
  `
  ${full}
  B socket s
  B@1 connect s $l &
  B@1 blocked => yes
  A accept a l => 0
  A accept b l => 0
  B@1 ends => 0
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
  A send a 4
  B recv a 16 => 4 'abcd'
`,
);

add(
  "closed by another thread while it waits",
  `
  ${full}
  B socket s
  B@1 connect s $l &
  B@1 blocked => yes
  B close s => 0
  B@1 ends
  A accept a l => 0
  A send a 4
  B recv a 16 => 4 'abcd'
`,
);

add(
  "select waits for it",
  `
  ${full}
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l
  B@1 select w=s e=s &
  B@1 blocked => yes
  A accept a l => 0
  A accept b l => 0
  B@1 ends => 1 w:s e:-
  A accept s l => 0
  A send s 3
  B until r=s
  B recv s 16 => 3 'abc'
`,
);

add(
  "closed while it goes on, and select waits for it",
  `
  ${full}
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l
  B@1 select w=s &
  B@1 blocked => yes
  B close s => 0
  B@1 ends
  A accept a l => 0
  A send a 4
  B recv a 16 => 4 'abcd'
`,
);

add(
  "connect by a second thread while the first one waits in it",
  `
  ${full}
  B socket s
  B@1 connect s $l &
  B@1 blocked => yes
  B@2 connect s $l &
  settle
  A accept a l => 0
  A accept b l => 0
  B@1 ends => 0
  B@2 ends
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "the listener closes while it goes on",
  `
  ${full}
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  A close l => 0
  B until w=s e=s => 1 w:- e:s
  B get s SO_ERROR
`,
  { kernelOnly: "nobody accepts anything" },
);

add(
  "the listener's process is killed while connect waits",
  `
  ${full}
  B socket s
  B@1 connect s $l &
  B@1 blocked => yes
  A dies
  B@1 ends => -1 WSAECONNREFUSED
`,
  { kernelOnly: "nobody accepts anything" },
);
