import { Group } from "../scenario.js";

/** Calls on sockets that are closed, were never connected, listen, or are no sockets at all. */
export const statesGroup = new Group("states");
const { add } = statesGroup;
const alone = { kernelOnly: "nothing is connected" };

/** Calls that need a socket, without anything that makes them wait. */
const calls = [
  ["send 5 bytes", "send s 5"],
  ["recv", "recv s 16"],
  ["peek", "recv s 16 peek"],
  ["sendto", "sendto s 5"],
  ["recvfrom", "recvfrom s 16 from"],
  ["WSARecvEx", "recvex s 16"],
  ["shutdown of sending", "shutdown s 1"],
  ["shutdown of receiving", "shutdown s 0"],
  ["getsockname", "getsockname s"],
  ["getpeername", "getpeername s"],
  ["listen", "listen s 5"],
  ["accept", "accept t s"],
  ["bind", "bind s 0"],
  ["connect", "connect s 9"],
  ["FIONBIO", "ioctl s FIONBIO 1"],
  ["FIONREAD", "ioctl s FIONREAD"],
  ["SIOCATMARK", "ioctl s SIOCATMARK"],
  ["SO_ERROR", "get s SO_ERROR"],
  ["SO_RCVTIMEO", "set s SO_RCVTIMEO 100"],
  ["SO_LINGER", "set s SO_LINGER 1 0"],
  ["closesocket", "close s"],
  ["select for reading", "select r=s t=0"],
] as const;

for (const [what, call] of calls) {
  add(
    `${what} after closesocket`,
    `
  pair
  A close s => 0
  A ${call} => -1 WSAENOTSOCK
  B recv s 16 => 0
`,
  );
}

for (const [what, call] of calls) {
  add(
    `${what} on an event's handle`,
    `
  A ${call.replaceAll(/\bs\b/g, "event").replace("r=s", "r=event")} => -1 WSAENOTSOCK
`,
    alone,
  );
}

add(
  "everything on INVALID_SOCKET",
  calls.map(([, call]) => `A ${call.replaceAll(/\bs\b/g, "never")} => -1 WSAENOTSOCK`).join("\n"),
  alone,
);

add(
  "a fresh socket: sending and receiving",
  `
  A socket s
  A send s 5 => -1 WSAENOTCONN | both: -1 WSAECONNRESET (Linux says EPIPE of a stream that was never connected)
  A send s 0
  A ioctl s FIONBIO 1
  A recv s 16 => -1 WSAENOTCONN
  A recv s 16 peek => -1 WSAENOTCONN
  A recvex s 16 => -1 WSAENOTCONN
  A recvfrom s 16 => -1 WSAENOTCONN
`,
  alone,
);

add(
  "a listening socket: sending and receiving",
  `
  A listener l
  A ioctl l FIONBIO 1
  A recv l 16 => -1 WSAENOTCONN
  A recv l 16 peek => -1 WSAENOTCONN
  A getpeername l => -1 WSAENOTCONN
  B connection s $l => 0
  A accept s l => 0
`,
);

add(
  "after the peer's close: every call that asks",
  `
  pair
  B close s
  settle
  A recv s 16 => 0
  A getsockname s
  A getpeername s
  A get s SO_ERROR => 0 -> no error, 4 bytes
  A ioctl s FIONREAD => 0 -> 0
  A ioctl s SIOCATMARK => 0 -> 1
  A ioctl s FIONBIO 1 => 0
  A recv s 16 => 0
  A recv s 16 peek => 0
  A recvex s 16 => 0 flags 0
  A recvfrom s 16 from => 0 no address
  A listen s 5 => -1 WSAEISCONN | both: -1 WSAEINVAL (Wine asks Linux, which has one error for both)
  A accept t s => -1 WSAEINVAL
  A bind s 0 => -1 WSAEINVAL
  A connect s $l => -1 WSAEISCONN
`,
);

add(
  "after a reset: every call that asks",
  `
  pair
  B set s SO_LINGER 1 0
  B close s
  settle
  A@1 recv s 16 &
  A@1 ends
  A getsockname s
  A getpeername s
  A get s SO_ERROR
  A ioctl s FIONREAD
  A ioctl s FIONBIO 1 => 0
  A recv s 16 peek
  A recvex s 16
  A recvfrom s 16
  A send s 5 => -1 WSAECONNRESET
  A send s 0
  A shutdown s 1
  A shutdown s 0
  A select r=s w=s e=s t=0
  A close s => 0
  A close s => -1 WSAENOTSOCK
`,
);

const forgotten =
  "-1 WSAENOTCONN (Linux forgets the peer's name when both directions have ended; a socket is bound to its peer until it is closed)";

add(
  "half closed by both sides: every call that asks",
  `
  A listener l
  B connection s $l
  A accept s l
  A shutdown s 1
  B shutdown s 1
  settle
  A recv s 16 => 0
  A recv s 16 peek => 0
  A send s 5 => -1 WSAESHUTDOWN
  A send s 0
  A getsockname s
  A getpeername s => 0 127.0.0.1:<B.s> 16 bytes | wine: ${forgotten}
  A get s SO_ERROR => 0 -> no error, 4 bytes
  A ioctl s FIONREAD => 0 -> 0
  A select r=s w=s e=s t=0
  A connect s $l
  A shutdown s 2
  B recv s 16 => 0
  B send s 5 => -1 WSAESHUTDOWN
  B getsockname s
  B getpeername s => 0 127.0.0.1:<A.s> 16 bytes | wine: ${forgotten}
  B get s SO_ERROR => 0 -> no error, 4 bytes
  B select r=s w=s e=s t=0
  B shutdown s 2
`,
);

add(
  "half closed by this side: every call that asks",
  `
  pair
  A shutdown s 1
  A getsockname s
  A getpeername s
  A get s SO_ERROR => 0 -> no error, 4 bytes
  A ioctl s FIONREAD => 0 -> 0
  A select r=s w=s e=s t=0
  A send s 5 => -1 WSAESHUTDOWN
  A sendto s 5 => -1 WSAESHUTDOWN
  A ioctl s FIONBIO 1
  A recv s 16 => -1 WSAEWOULDBLOCK
  A connect s $l => -1 WSAEISCONN
`,
);

add(
  "half closed by the peer: every call that asks",
  `
  pair
  B shutdown s 1
  settle
  A getsockname s
  A getpeername s
  A get s SO_ERROR => 0 -> no error, 4 bytes
  A ioctl s FIONREAD => 0 -> 0
  A select r=s w=s e=s t=0 => 2 r:s w:s e:-
  A recvfrom s 16 from => 0 no address
  A send s 5 => 5
  A connect s $l => -1 WSAEISCONN
  B recv s 16 => 5 'abcde'
`,
);

add(
  "receiving shut down here: every call that asks",
  `
  pair
  A shutdown s 0
  A select w=s e=s t=0 => 1 w:s e:-
  A get s SO_ERROR => 0 -> no error, 4 bytes
  A getpeername s
  A recv s 16 peek => -1 WSAESHUTDOWN
  A recvfrom s 16 => -1 WSAESHUTDOWN
  A recvex s 16 => -1 WSAESHUTDOWN
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "a handle is used again by the next socket",
  `
  pair
  A close s => 0
  B recv s 16 => 0
  B close s
  A listener m
  B connection u $m => 0
  A accept u m => 0
  A send u 5
  B recv u 16 => 5 'abcde'
  B send u 6
  A recv u 16 => 6 'abcdef'
`,
);

add(
  "many connections one after the other",
  `
  A socket l
  A bind l 0
  A listen l 80
  B many 60 connection c% $l => 60x 0
  A many 60 accept c% l => 60x 0
  B many 60 send c% 3 => 60x 3
  A many 60 recv c% 9 => 60x 3 'abc'
  B many 60 close c% => 60x 0
  A many 60 recv c% 9 => 60x 0
  A many 60 close c% => 60x 0
  B many 60 connection d% $l => 60x 0
  A many 60 accept d% l => 60x 0
  A many 60 send d% 4 => 60x 4
  B many 60 recv d% 9 => 60x 4 'abcd'
`,
);
