import { Group } from "../scenario.js";

/** Many threads and processes at once. */
export const crowdsGroup = new Group("crowds");
const { add } = crowdsGroup;

add(
  "four threads connect while one accepts",
  `
  A socket l
  A bind l 0
  A listen l 200
  A@1 many 100 accept a% l &
  B@1 many 25 connection e% $l &
  B@2 many 25 connection f% $l &
  B@3 many 25 connection g% $l &
  B@4 many 25 connection h% $l &
  B@1 ends => 25x 0
  B@2 ends => 25x 0
  B@3 ends => 25x 0
  B@4 ends => 25x 0
  A@1 ends => 100x 0
  B many 25 send e% 3 => 25x 3
  B many 25 send f% 3 => 25x 3
  B many 25 send g% 3 => 25x 3
  B many 25 send h% 3 => 25x 3
  A many 100 recv a% 9 => 100x 3 'abc'
`,
);

add(
  "three processes connect forty times each at once",
  `
  A socket l
  A bind l 0
  A listen l 200
  B@1 many 40 connection b% $l &
  C@1 many 40 connection c% $l &
  D@1 many 40 connection d% $l &
  A many 120 accept a% l => 120x 0
  B@1 ends => 40x 0
  C@1 ends => 40x 0
  D@1 ends => 40x 0
  A many 120 send a% 3 => 120x 3
  B many 40 recv b% 9 => 40x 3 'abc'
  C many 40 recv c% 9 => 40x 3 'abc'
  D many 40 recv d% 9 => 40x 3 'abc'
  C dies
  settle
  A@1 many 120 ioctl a% FIONBIO 1 &
  A@1 ends => 120x 0
  B many 40 send b% 2 => 40x 2
  D many 40 send d% 2 => 40x 2
  settle
  A@1 many 120 recv a% 9 &
  A@1 ends
`,
);

add(
  "four listeners in four processes, each of which connects to all",
  `
  A listener l
  B listener l
  C listener l
  D listener l
  A connection b $B.l => 0
  A connection c $C.l => 0
  A connection d $D.l => 0
  B connection a $A.l => 0
  B connection c $C.l => 0
  B connection d $D.l => 0
  C connection a $A.l => 0
  C connection b $B.l => 0
  C connection d $D.l => 0
  D connection a $A.l => 0
  D connection b $B.l => 0
  D connection c $C.l => 0
${["A", "B", "C", "D"]
  .map((party) => {
    const others = ["A", "B", "C", "D"].filter((other) => other !== party);
    return (
      others.map((other) => `  ${party} accept from${other} l => 0\n`).join("") +
      others.map((other) => `  ${party} send from${other} ${party.charCodeAt(0) - 64}\n`).join("")
    );
  })
  .join("")}
${["A", "B", "C", "D"]
  .flatMap((party) =>
    ["A", "B", "C", "D"]
      .filter((other) => other !== party)
      .map((other) => {
        const bytes = other.charCodeAt(0) - 64;
        return `  ${party} recv ${other.toLowerCase()} 9 => ${bytes} '${"abcd".slice(0, bytes)}'\n`;
      }),
  )
  .join("")}
`,
);

add(
  "two threads wait in recv and a third in send: closed by a fourth",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A@2 recvex s 16 &
  A@2 blocked => yes
  A@3 fill s &
  A@3 blocked => yes
  A close s => 0
  A@1 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (Wine says how its own server sees the closed handle)
  A@2 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (as above)
`,
);

add(
  "recv and send wait: the peer resets",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A@2 fill s &
  A@2 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => -1 WSAECONNRESET | wine: -1 WSAECONNRESET or 0 (the first of two calls gets the kernel's error)
  A@2 ends => some bytes, then -1 WSAECONNRESET
`,
);

add(
  "recv and select wait: closed by another thread",
  `
  pair
  A@1 recv s 16 &
  A@1 blocked => yes
  A@2 select r=s &
  A@2 blocked => yes
  A close s => 0
  A@1 ends => -1 WSAEINTR | wine: -1 WSAEINVAL (Wine says how its own server sees the closed handle)
  A@2 ends => 1 r:s
`,
);

add(
  "shutdown for sending by another thread while send waits",
  `
  pair
  A@1 fill s &
  A@1 blocked => yes
  A shutdown s 1 => 0
  A@1 ends => some bytes, then -1 WSAESHUTDOWN
`,
);

add(
  "every call without blocking while there is nothing, and no room",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s => some bytes, then -1 WSAEWOULDBLOCK
  A recv s 9 => -1 WSAEWOULDBLOCK
  A recv s 9 peek => -1 WSAEWOULDBLOCK
  A recvfrom s 9 from => -1 WSAEWOULDBLOCK
  A recvex s 9 => -1 WSAEWOULDBLOCK
  A send s 9 => -1 WSAEWOULDBLOCK
  A sendto s 9 => -1 WSAEWOULDBLOCK
  A send s 1 oob => -1 WSAEWOULDBLOCK
  A ioctl s FIONREAD => 0 -> 0
  A shutdown s 1 => 0
  A close s => 0
  B recvall s $filled => all
  B recv s 9 => 0
`,
);

add(
  "connect to an address of no family on a connection",
  `
  pair
  A connect s 1 family=0 => -1 WSAEISCONN
  A send s 3 => 3
  B recv s 9 => 3 'abc'
`,
);
