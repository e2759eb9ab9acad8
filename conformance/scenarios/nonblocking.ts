import { Group } from "../scenario.js";

/** FIONBIO and FIONREAD. */
export const nonblockingGroup = new Group("without blocking");
const { add } = nonblockingGroup;

add(
  "recv without blocking",
  `
  pair
  A ioctl s FIONBIO 1 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  B send s 5
  settle
  A recv s 3 => 3 'abc'
  A recv s 16 => 2 'de'
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0 => 0
  A@1 recv s 16 &
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'fghi'
`,
);

add(
  "send without blocking until the buffer is full",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A select w=s t=0 => 0 w:-
  A send s 1 => -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
  A send s 5 => 5
  B recvall s 5 => all
`,
);

add(
  "send without blocking: a second time full",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled => all
  A until w=s => 1 w:s
`,
);

add(
  "FIONBIO set before connecting and accepting",
  `
  A listener l
  B socket s
  B ioctl s FIONBIO 1
  B connect s $l => -1 WSAEWOULDBLOCK
  A accept s l => 0
  B until w=s => 1 w:s
  B recv s 16 => -1 WSAEWOULDBLOCK
  A send s 5
  B until r=s
  B recv s 16 => 5 'abcde'
`,
);

add(
  "a blocked recv is not disturbed by FIONBIO of another thread",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A ioctl s FIONBIO 1
  A@1 blocked => yes
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "FIONREAD: how much can be read",
  `
  pair
  A ioctl s FIONREAD => 0 -> 0
  B send s 10
  settle
  A ioctl s FIONREAD => 0 -> 10
  A recv s 4
  A ioctl s FIONREAD => 0 -> 6
  B send s 20
  settle
  A ioctl s FIONREAD => 0 -> 26
  A recv s 26
  A ioctl s FIONREAD => 0 -> 0
  B close s
  settle
  A ioctl s FIONREAD => 0 -> 0
`,
);

add(
  "FIONREAD: on sockets that have no bytes",
  `
  A socket s
  A ioctl s FIONREAD
  A listener l
  A ioctl l FIONREAD
  B connection s $l
  settle
  A ioctl l FIONREAD
  A accept s l => 0
`,
);

add(
  "ioctlsocket: unknown commands and no argument",
  `
  pair
  A ioctl s 0x1234 => -1 WSAEOPNOTSUPP
  A ioctl s FIONBIO null => -1 WSAEFAULT
  A ioctl s FIONREAD null => -1 WSAEFAULT
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "ioctlsocket: FIONBIO takes any number but 0 for on",
  `
  pair
  A ioctl s FIONBIO 77 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO 0x80000000 => 0
  A recv s 16 => -1 WSAEWOULDBLOCK
`,
);

for (const [name, command] of [
  ["FIOASYNC", "0x8004667d"],
  ["SIOCSHIWAT", "0x80047300"],
  ["SIOCGHIWAT", "0x40047301"],
  ["SIOCSLOWAT", "0x80047302"],
  ["SIOCGLOWAT", "0x40047303"],
] as const) {
  add(
    `ioctlsocket: ${name} on a connection`,
    `
  pair
  A ioctl s ${command} 1
  A ioctl s ${command} null
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
  );
}
