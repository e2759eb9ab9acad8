import { Group } from "../scenario.js";

/** SO_SNDBUF and SO_RCVBUF as far as a program can see what they do; buffers that grow while they are used. */
export const bufferSizesGroup = new Group("buffer sizes");
const { add } = bufferSizesGroup;

for (const size of [0, 1, 1000, 8192, 100000]) {
  add(
    `SO_SNDBUF and SO_RCVBUF of ${size} on both sides: a stream each way, and full without blocking`,
    `
  A socket l
  A bind l 0
  A set l SO_RCVBUF ${size} => 0
  A set l SO_SNDBUF ${size} => 0
  A listen l 5
  B socket s
  B set s SO_RCVBUF ${size} => 0
  B set s SO_SNDBUF ${size} => 0
  B connect s $l => 0
  A accept s l => 0
  A get s SO_RCVBUF
  A get s SO_SNDBUF
  B get s SO_RCVBUF => 0 -> ${size}, 4 bytes
  B get s SO_SNDBUF => 0 -> ${size}, 4 bytes
  B@1 sendall s 300000 &
  A recvall s 300000 => all
  B@1 ends => all
  A@1 sendall s 300000 &
  B recvall s 300000 => all
  A@1 ends => all
  A send s 1 => 1
  B recv s 16
  B ioctl s FIONBIO 1
  B fill s => some bytes, then -1 WSAEWOULDBLOCK
  B select w=s t=0 => 0 w:-
  A recvall s $filled => all
  B until w=s => 1 w:s
`,
  );
}

add(
  "SO_SNDBUF and SO_RCVBUF of 0 while bytes lie in them",
  `
  pair
  A send s 5000 => 5000
  B send s 5000 => 5000
  settle
  A set s SO_RCVBUF 0 => 0
  A set s SO_SNDBUF 0 => 0
  A recvall s 5000 => all
  B recvall s 5000 => all
  A get s SO_RCVBUF => 0 -> 0, 4 bytes
`,
);

add(
  "SO_SNDBUF and SO_RCVBUF: negative and huge",
  `
  pair
  A set s SO_RCVBUF -1
  A get s SO_RCVBUF
  A set s SO_SNDBUF -1
  A get s SO_SNDBUF
  A set s SO_RCVBUF 0x7fffffff => 0
  A get s SO_RCVBUF
  A set s SO_SNDBUF 0x7fffffff => 0
  A get s SO_SNDBUF
  A send s 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "SO_SNDBUF of 0 before connecting: bytes before accept",
  `
  B listener l
  A socket s
  A set s SO_SNDBUF 0 => 0
  A connect s $l => 0
  A send s 5 => 5
  B accept s l => 0
  B recv s 16 => 5 'abcde'
`,
);

add(
  "SO_SNDBUF and SO_RCVBUF without a connection have some value",
  `
  A socket s
  A get s SO_SNDBUF some => 0 -> some, 4 bytes
  A get s SO_RCVBUF some => 0 -> some, 4 bytes
  A listener l
  A get l SO_RCVBUF some => 0 -> some, 4 bytes
  B connection c $l
  A accept c l
  A get c SO_RCVBUF some => 0 -> some, 4 bytes
  B get c SO_SNDBUF some => 0 -> some, 4 bytes
`,
);

add(
  "growth: more and more in one send each, with bytes left unread every time",
  `
  pair
  A@1 send s 5000 &
  A@1 ends => 5000
  settle
  B recvall s 3000 => all
  A@1 send s 20000 &
  A@1 ends => 20000
  B recvall s 10000 => all
  A@1 send s 60000 &
  A@1 ends => 60000
  B recvall s 40000 => all
  B ioctl s FIONREAD => 0 -> 32000
  B recvall s 32000 => all
  B ioctl s FIONREAD => 0 -> 0
`,
);

add(
  "growth: both ways at once, peeked at",
  `
  pair
  A send s 7000
  B send s 9000
  settle
  A recv s 9000 peek => 9000 as sent
  B recv s 100 peek => 100 as sent
  A send s 40000 => 40000
  B send s 40000 => 40000
  settle
  A recv s 49000 peek => 49000 as sent
  B recv s 47000 peek => 47000 as sent
  A recvall s 49000 => all
  B recvall s 47000 => all
`,
);

add(
  "growth: an urgent byte in the midst of it",
  `
  pair
  A send s 8000 => 8000
  A send s 1 oob => 1
  A send s 60000 => 60000
  settle
  B recv s 1 oob => 1 'A'
  B recvall s 68000 => all
`,
);

add(
  "growth: pieces of odd sizes until it is full, and again",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s chunk=777 => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled chunk=1001 => all
  A until w=s => 1 w:s
  A fill s chunk=65536 => some bytes, then -1 WSAEWOULDBLOCK
  B recvall s $filled chunk=500 => all
`,
);

add(
  "growth: before accept and after it",
  `
  B listener l
  A connection s $l
  A send s 20000 => 20000
  B accept s l => 0
  A@1 sendall s 500000 &
  B recvall s 520000 => all
  A@1 ends => all
  B@1 sendall s 500000 &
  A recvall s 500000 => all
  B@1 ends => all
`,
);

for (const blocking of [true, false]) {
  add(
    `full, and closed with some seconds to linger: ${blocking ? "blocking" : "without blocking"}`,
    `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A ioctl s FIONBIO ${blocking ? 0 : 1}
  A set s SO_LINGER 1 2 => 0
  A@1 close s &
  A@1 blocked => NO, IT HAS RETURNED | wine: yes or NO, IT HAS RETURNED (it waits for bytes that are on their way; here all of them are where the peer reads them)
  B recvall s $filled => all
  A@1 ends => 0
  B recv s 16 => 0
`,
  );
}
