import { Group } from "../scenario.js";

/** `getsockopt` and `setsockopt`. */
export const optionsGroup = new Group("options");
const { add } = optionsGroup;

/** What `get` says of options that are on or off, when they are. Wine deviates in some. */
const switches: ReadonlyArray<readonly [name: string, on: string, off: string]> = [
  [
    "SO_KEEPALIVE",
    "0 -> 1, 4 bytes | both: 0 -> 1, 1 bytes (Wine says how much of the BOOL it wrote)",
    "0 -> 0, 4 bytes | both: 0 -> 0, 1 bytes (Wine says how much of the BOOL it wrote)",
  ],
  ["SO_DEBUG", "0 -> 1, 4 bytes | both: 0 -> 0, 4 bytes (Wine does not keep it)", "0 -> 0, 4 bytes"],
  [
    "SO_DONTROUTE",
    "0 -> 1, 4 bytes | both: 0 -> 1, 1 bytes (Wine says how much of the BOOL it wrote)",
    "0 -> 0, 4 bytes | both: 0 -> 1, 1 bytes (Wine always says so)",
  ],
  ["SO_OOBINLINE", "0 -> 1, 4 bytes", "0 -> 0, 4 bytes"],
  ["SO_REUSEADDR", "0 -> 1, 4 bytes", "0 -> 0, 4 bytes"],
];

for (const [name, on, off] of switches) {
  add(
    `${name} on a connection: on, off, any number for on`,
    `
  pair
  A get s ${name} => ${off}
  A set s ${name} 1 => 0
  A get s ${name} => ${on}
  A set s ${name} 0 => 0
  A get s ${name} => ${off}
  A set s ${name} 77 => 0
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 6
  A recv s 16 => 6 'abcdef'
`,
  );
}

add(
  "TCP_NODELAY on a connection",
  `
  pair
  A get s TCP_NODELAY
  A set s TCP_NODELAY 1 => 0
  A get s TCP_NODELAY
  A send s 5
  B recv s 16 => 5 'abcde'
  A set s TCP_NODELAY 0 => 0
  A get s TCP_NODELAY
`,
);

add(
  "TCP_NODELAY keeps its value while bells ring",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  B send s 1
  A@1 ends => 1 r:s
  A get s TCP_NODELAY
  B get s TCP_NODELAY
  B set s TCP_NODELAY 1 => 0
  A recv s 16 => 1 'a'
  A@1 select r=s &
  A@1 blocked => yes
  B send s 1
  A@1 ends => 1 r:s
  B get s TCP_NODELAY
`,
);

add(
  "SO_TYPE",
  `
  pair
  A get s SO_TYPE => 0 -> 1, 4 bytes
  A socket d dgram
  A get d SO_TYPE => 0 -> 2, 4 bytes
  A set s SO_TYPE 2 => -1 WSAENOPROTOOPT
`,
);

add(
  "SO_ERROR of a connection without one",
  `
  pair
  A get s SO_ERROR => 0 -> no error, 4 bytes
  B get s SO_ERROR => 0 -> no error, 4 bytes
`,
);

add(
  "SO_LINGER is read back",
  `
  pair
  A get s SO_LINGER => 0 -> 0 0, 4 bytes
  A set s SO_LINGER 1 7 => 0
  A get s SO_LINGER => 0 -> 1 7, 4 bytes
  A set s SO_LINGER 0 9 => 0
  A get s SO_LINGER => 0 -> 0 9, 4 bytes | both: 0 -> 0 7, 4 bytes (Linux keeps the seconds of when it was on)
`,
);

add(
  "SO_LINGER with too little room",
  `
  pair
  A get s SO_LINGER len=2 => -1 WSAEFAULT
  A set s SO_LINGER 1 0 len=2 => -1 WSAEFAULT
  A send s 5
  A close s
  B recv s 16 => 5 'abcde'
  B recv s 16 => 0
`,
);

add(
  "SO_RCVBUF and SO_SNDBUF are read back",
  `
  pair
  A set s SO_RCVBUF 20000 => 0
  A get s SO_RCVBUF => 0 -> 20000, 4 bytes
  A set s SO_SNDBUF 20000 => 0
  A get s SO_SNDBUF => 0 -> 20000, 4 bytes
  B sendall s 10000 => all
  A recvall s 10000 => all
  A sendall s 10000 => all
  B recvall s 10000 => all
`,
);

add(
  "SO_RCVBUF and SO_SNDBUF of nothing: bytes still arrive",
  `
  pair
  A set s SO_RCVBUF 0 => 0
  A set s SO_SNDBUF 0 => 0
  B@1 sendall s 3000 &
  A recvall s 3000 => all
  B@1 ends => all
  A@1 sendall s 3000 &
  B recvall s 3000 => all
  A@1 ends => all
`,
);

add(
  "SO_RCVBUF and SO_SNDBUF set before connecting",
  `
  A socket l
  A bind l 0
  A set l SO_RCVBUF 100000
  A listen l 5
  B socket s
  B set s SO_SNDBUF 100000 => 0
  B connect s $l => 0
  A accept s l => 0
  B@1 sendall s 1000000 &
  A recvall s 1000000 => all
  B@1 ends => all
`,
);

add(
  "SO_RCVBUF of a million bytes: so much can be sent before anybody reads, after many connections",
  `
  A socket m
  A bind m 0
  A listen m 128
  B many 100 connection c% $m => 100x 0
  A many 100 accept c% m => 100x 0
  B many 100 close c% => 100x 0
  A many 100 close c% => 100x 0
  settle
  A socket l
  A bind l 0
  A set l SO_RCVBUF 1000000
  A listen l 5
  B socket s
  B set s SO_SNDBUF 1000000
  B connect s $l
  A accept s l => 0
  B@1 sendall s 1000000 &
  B@1 ends => all
  A recvall s 1000000 => all
`,
);

add(
  "SO_BROADCAST is for datagrams",
  `
  pair
  A set s SO_BROADCAST 1
  A get s SO_BROADCAST
  A socket d dgram
  A get d SO_BROADCAST => 0 -> 0, 4 bytes
  A set d SO_BROADCAST 1 => 0
  A get d SO_BROADCAST => 0 -> 1, 4 bytes
`,
);

add(
  "unknown options and levels",
  `
  pair
  A get s 0x7777 => -1 WSAENOPROTOOPT
  A set s 0x7777 1 => -1 WSAENOPROTOOPT
  A get s 1 level=1234 => -1 WSAEINVAL
  A set s 1 1 level=1234 => -1 WSAEINVAL
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "no room for the value, no value",
  `
  pair
  A get s SO_TYPE len=2 => -1 WSAEFAULT
  A get s SO_TYPE null => -1 WSAEFAULT
  A set s SO_RCVTIMEO 100 len=2 => -1 WSAEFAULT
  A set s SO_RCVTIMEO null => -1 WSAEFAULT
  A set s SO_KEEPALIVE null => -1 WSAEFAULT
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "SO_RCVLOWAT and SO_SNDLOWAT",
  `
  pair
  A get s SO_RCVLOWAT
  A set s SO_RCVLOWAT 5
  A get s SO_SNDLOWAT
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "SO_EXCLUSIVEADDRUSE",
  `
  A socket s
  A set s SO_EXCLUSIVEADDRUSE 1 => 0
  A get s SO_EXCLUSIVEADDRUSE
  A bind s 0 => 0
  B socket t
  B set t SO_REUSEADDR 1
  B bind t $s
`,
  { kernelOnly: "nothing is connected" },
);

add(
  "SO_CONNECT_TIME says whether a socket is connected",
  `
  A socket s
  A get s SO_CONNECT_TIME => 0 -> -1, 4 bytes
  A listener l
  B connection c $l
  A accept c l
  A get c SO_CONNECT_TIME => 0 -> 0, 4 bytes
`,
);

add(
  "options of a closed socket and of handles that are no sockets",
  `
  A socket s
  A close s
  A get s SO_TYPE => -1 WSAENOTSOCK
  A set s SO_KEEPALIVE 1 => -1 WSAENOTSOCK
  A get event SO_TYPE => -1 WSAENOTSOCK
  A set event SO_KEEPALIVE 1 => -1 WSAENOTSOCK
`,
  { kernelOnly: "nothing is connected" },
);

add(
  "options after the peer has closed",
  `
  pair
  B close s
  settle
  A recv s 16 => 0
  A set s SO_KEEPALIVE 1 => 0
  A set s SO_RCVTIMEO 100 => 0
  A get s SO_RCVTIMEO => 0 -> 100, 4 bytes
  A get s SO_ERROR => 0 -> no error, 4 bytes
`,
);

/** Options of winsock.h that no other scenario is about: their numbers, and their levels where it is not the socket's. */
const others: ReadonlyArray<readonly [name: string, option: string]> = [
  ["SO_USELOOPBACK", "0x40"],
  ["SO_OPENTYPE", "0x7008"],
  ["SO_CONNDATA", "0x7000"],
  ["SO_CONNOPT", "0x7001"],
  ["SO_DISCDATA", "0x7002"],
  ["SO_DISCOPT", "0x7003"],
  ["SO_CONNDATALEN", "0x7004"],
  ["SO_CONNOPTLEN", "0x7005"],
  ["SO_DISCDATALEN", "0x7006"],
  ["SO_DISCOPTLEN", "0x7007"],
  ["SO_MAXDG", "0x7009"],
  ["SO_MAXPATHDG", "0x700a"],
  ["SO_UPDATE_ACCEPT_CONTEXT", "0x700b"],
  ["TCP_BSDURGENT", "0x7000 level=6"],
  ["IP_OPTIONS", "1 level=0"],
  ["IP_MULTICAST_IF", "2 level=0"],
  ["IP_MULTICAST_TTL", "3 level=0"],
  ["IP_MULTICAST_LOOP", "4 level=0"],
  ["IP_ADD_MEMBERSHIP", "5 level=0"],
  ["IP_DROP_MEMBERSHIP", "6 level=0"],
  ["IP_TTL", "7 level=0"],
  ["IP_TOS", "8 level=0"],
  ["IP_DONTFRAGMENT", "9 level=0"],
];

for (const [name, option] of others) {
  const [number, level = ""] = option.split(" ");
  add(
    `${name} on a connection: asked, set, asked again`,
    `
  pair
  A get s ${number} ${level}
  A set s ${number} 1 ${level}
  A get s ${number} ${level}
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 6
  A recv s 16 => 6 'abcdef'
`,
  );
}
