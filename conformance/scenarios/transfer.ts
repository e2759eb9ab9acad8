import { Group } from "../scenario.js";

/** `send`, `recv`, `sendto`, `recvfrom`, `WSARecvEx`: bytes, lengths, buffers, flags. */
export const transferGroup = new Group("transfer");
const { add } = transferGroup;

add(
  "bytes arrive in order, in pieces of any size",
  `
  pair
  A send s 5 => 5
  A send s 1 => 1
  A send s 20 => 20
  settle
  B recv s 3 => 3 'abc'
  B recv s 1 => 1 'd'
  B recv s 40 => 22 'efghijklmnopqrstuvwxyz'
  B send s 7
  A recv s 7 => 7 'abcdefg'
`,
);

add(
  "recv gives what is there, and does not wait for more",
  `
  pair
  B send s 5
  settle
  A recv s 4096 => 5 'abcde'
`,
);

for (const bytes of [100, 4096, 65536, 1000000, 16000000]) {
  add(
    `${bytes} bytes with one send, read in large pieces`,
    `
  pair
  A@1 send s ${bytes} &
  B recvall s ${bytes} => all
  A@1 ends => ${bytes}
`,
  );
}

for (const chunk of [1, 7, 4095, 4097]) {
  add(
    `pieces of ${chunk} bytes, read in pieces of another size`,
    `
  pair
  A@1 sendall s ${chunk * 300} chunk=${chunk} &
  B recvall s ${chunk * 300} chunk=${chunk + 3} => all
  A@1 ends => all
`,
  );
}

add(
  "both directions at once, more than the buffers hold",
  `
  pair
  A@1 sendall s 3000000 &
  B@1 sendall s 3000000 &
  A@2 recvall s 3000000 &
  B@2 recvall s 3000000 &
  A@1 ends => all
  B@1 ends => all
  A@2 ends => all
  B@2 ends => all
`,
);

add(
  "send of no bytes",
  `
  pair
  A send s 0 => 0
  settle
  B ioctl s FIONBIO 1
  B recv s 16 => -1 WSAEWOULDBLOCK
  B select r=s t=0 => 0 r:-
  A send s 0 buf=null => 0
  A send s 3 => 3
  settle
  B recv s 16 => 3 'abc'
`,
);

add(
  "send of no bytes after the peer's close",
  `
  pair
  B close s
  settle
  A send s 0 => 0
  A recv s 16 => 0
`,
);

add(
  "recv of no bytes: nothing there, without blocking",
  `
  pair
  A ioctl s FIONBIO 1
  A recv s 0
  B send s 3
  settle
  A recv s 0 => 0
  A recv s 16 => 3 'abc'
  B close s
  settle
  A recv s 0 => 0
`,
);

add(
  "recv of no bytes into no buffer",
  `
  pair
  B send s 3
  settle
  A recv s 0 buf=null => 0
  A recv s 16 => 3 'abc'
`,
);

add(
  "negative lengths",
  `
  pair
  A send s -1 => -1 WSAEFAULT | wine: -1 WSAEFAULT or -1 WSAEINVAL (it depends on the width of a size whether Linux gets so far)
  A recv s -1 => -1 WSAEFAULT | wine: -1 WSAEFAULT or -1 WSAEINVAL (as above)
  B send s 3
  A recv s 16 => 3 'abc'
`,
);

add(
  "send from no buffer, and from a bad one",
  `
  pair
  A send s 5 buf=null => -1 WSAEFAULT
  A send s 5 buf=bad => -1 WSAEFAULT
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
`,
);

add(
  "recv into no buffer, and into a bad one",
  `
  pair
  B send s 5
  settle
  A recv s 5 buf=null => -1 WSAEFAULT
  A recv s 5 buf=bad => -1 WSAEFAULT
  A recv s 16 => 5 'abcde'
`,
);

add(
  "a bad buffer on a connection that has ended",
  `
  pair
  B close s
  settle
  A recv s 5 buf=null
  A recv s 16 => 0
`,
);

add(
  "recv on a socket whose peer sends in many small pieces",
  `
  pair
  A many 500 send s 3 => 500x 3
  B recvall s 1500 => all
`,
);

add(
  "send from several threads: each piece stays in one piece",
  `
  pair
  A@1 send s 20000 &
  settle
  A@1 ends => 20000
  A@2 send s 5000 &
  B recvall s 25000 => all
  A@2 ends => 5000
`,
);

add(
  "recv by one thread while another sends on the same socket",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A send s 5 => 5
  B recv s 16 => 5 'abcde'
  B send s 4
  A@1 ends => 4 'abcd'
`,
);

add(
  "bytes of both sides cross",
  `
  pair
  A send s 5
  B send s 6
  A recv s 16 => 6 'abcdef'
  B recv s 16 => 5 'abcde'
  A send s 7
  B send s 8
  B recv s 16 => 7 'fghijkl'
  A recv s 16 => 8 'ghijklmn'
`,
);

add(
  "ping-pong a thousand times in a process of its own each",
  `
  pair
  A@1 many 1000 send s 64 &
  B recvall s 64000 => all
  A@1 ends => 1000x 64
  B@1 many 1000 send s 64 &
  A recvall s 64000 => all
  B@1 ends => 1000x 64
`,
);
