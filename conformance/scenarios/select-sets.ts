import { Group } from "../scenario.js";

/** `select` with large and mixed sets, sockets in several of them, and what happens to sockets while it waits. */
export const selectSetsGroup = new Group("select sets");
const { add } = selectSetsGroup;

add(
  "more than 64 sockets of all kinds in three sets",
  `
  A socket l
  A bind l 0
  A listen l 128
  B many 40 connection c% $l => 40x 0
  A many 40 accept c% l => 40x 0
  A many 40 socket d% dgram => 40x 0
  A many 39 bind d% 0 => 39x 0
  A bind d39 0 => 0
  A select r=l,c%40,d%40 w=c%40,d%40 e=c%40,d%40 t=0 => 80 r:0 of c%40,0 of d%40 w:40 of c%40,40 of d%40 e:0 of c%40,0 of d%40
  B send c39 3
  B send c7 1 oob
  settle
  A sendto d39 3 to=$d39 => 3
  B connection x $l => 0
  settle
  A select r=l,c%40,d%40 e=c%40,d%40 t=0 => 4 r:l,1 of c%40,1 of d%40 e:1 of c%40,0 of d%40
  A select r=l,c%40,d%40 e=c%40,d%40 t=50 => 4 r:l,1 of c%40,1 of d%40 e:1 of c%40,0 of d%40
`,
);

add(
  "more than 64 sockets of all kinds: each kind wakes it",
  `
  A socket l
  A bind l 0
  A listen l 128
  B many 40 connection c% $l => 40x 0
  A many 40 accept c% l => 40x 0
  A many 40 socket d% dgram => 40x 0
  A many 39 bind d% 0 => 39x 0
  A bind d39 0 => 0
  A@1 select r=d%40,l,c%40 &
  A@1 blocked => yes
  B send c39 3
  A@1 ends => 1 r:0 of d%40,1 of c%40
  A recv c39 16 => 3 'abc'
  A@1 select r=d%40,l,c%40 e=c%40 &
  A@1 blocked => yes
  A sendto d39 3 to=$d39
  A@1 ends => 1 r:1 of d%40,0 of c%40 e:0 of c%40
  A recvfrom d39 16 => 3 'abc'
  A@1 select r=d%40,l,c%40 e=c%40 &
  A@1 blocked => yes
  B connection x $l
  A@1 ends => 1 r:0 of d%40,l,0 of c%40 e:0 of c%40
  A accept x l => 0
  A@1 select e=c%40 &
  A@1 blocked => yes
  B send c38 1 oob
  A@1 ends => 1 e:1 of c%40
`,
);

add(
  "1000 connections in a set, of which the last has bytes",
  `
  A socket l
  A bind l 0
  A listen l 128
  B many 100 connection a% $l => 100x 0
  A many 100 accept a% l => 100x 0
  B many 100 connection b% $l => 100x 0
  A many 100 accept b% l => 100x 0
  B many 100 connection c% $l => 100x 0
  A many 100 accept c% l => 100x 0
  A select r=a%100,b%100,c%100 w=a%100 e=a%100,b%100,c%100 t=0 => 100 r:0 of a%100,0 of b%100,0 of c%100 w:100 of a%100 e:0 of a%100,0 of b%100,0 of c%100
  B send c99 3
  A until r=a%100,b%100,c%100 => 1 r:0 of a%100,0 of b%100,1 of c%100
  A@1 select r=a%100,b%100 &
  A@1 blocked => yes
  B close b50
  A@1 ends => 1 r:0 of a%100,1 of b%100
`,
);

add(
  "a socket in two sets: waits for either, and counts for each that is ready",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select r=s w=s e=s &
  A@1 blocked => yes
  B recvall s $filled => all
  A@1 ends => 1 r:- w:s e:-
  B send s 3
  settle
  A select r=s w=s e=s t=0 => 2 r:s w:s e:-
  B send s 1 oob
  settle
  A select r=s w=s e=s t=0 => 3 r:s w:s e:s
`,
);

add(
  "a socket twice in one set: it waits, and wakes",
  `
  pair
  A select r=s,s t=10 => 0 r:-
  A@1 select r=s,s e=s,s &
  A@1 blocked => yes
  B send s 3
  A@1 ends => 1 r:s,s e:-
  A select r=s,s w=s,s t=0 => 2 r:s,s w:s,s
`,
);

add(
  "one of two sockets is closed by another thread while select waits for both",
  `
  pair
  A listener m
  B connection t $m
  A accept t m
  A@1 select r=s,t &
  A@1 blocked => yes
  A close t => 0
  A@1 ends
  A select r=s t=0 => 0 r:-
`,
);

add(
  "a listener is closed by another thread while select waits for it and a connection",
  `
  pair
  A listener m
  A@1 select r=s,m &
  A@1 blocked => yes
  A close m => 0
  A@1 ends
`,
);

add(
  "a socket is closed by another thread while select waits for room on it",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select w=s &
  A@1 blocked => yes
  A close s => 0
  A@1 ends
`,
);

for (const [sets, what] of [
  ["e=s", "exceptions on it"],
  ["r=s e=s", "bytes and exceptions on it"],
  ["w=s e=s", "room and exceptions on it"],
  ["r=s w=s", "bytes and room on it"],
] as const) {
  add(
    `a socket is closed by another thread while select waits for ${what}`,
    `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select ${sets} &
  A@1 blocked => yes
  A close s => 0
  A@1 ends
`,
  );
}

add(
  "the peer half-closes while select waits in all three sets",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select r=s w=s e=s &
  A@1 blocked => yes
  B shutdown s 1
  A@1 ends => 1 r:s w:- e:-
  A recv s 16 => 0
`,
);

add(
  "this side shuts down while select waits",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  A shutdown s 1 => 0
  A@1 blocked => yes
  B send s 3
  A@1 ends => 1 r:s
`,
);

add(
  "sending is shut down while select waits for room",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select w=s &
  A@1 blocked => yes
  A shutdown s 1 => 0
  A@1 ends => 1 w:s
`,
);

add(
  "a very long time-out",
  `
  pair
  A@1 select r=s t=2147483647.0 &
  A@1 blocked => yes
  B send s 3
  A@1 ends => 1 r:s
`,
);

add(
  "a connection, then another connection's bytes: both are seen at once by who only looks",
  `
  pair
  A listener m
  A many 50 select r=s,m t=0 => 50x 0 r:-
  B connection t $m => 0
  B send s 3 => 3
  settle
  A select r=s,m t=0 => 2 r:s,m
`,
);

add(
  "a connection that is made by the very thread that asks next",
  `
  pair
  B send s 3
  A listener m
  A until r=s,m => 1 r:s
  A connection t $m => 0
  A select r=s,m t=0 => 2 r:s,m
  A accept u m => 0
  A select r=s,m t=0 => 1 r:s
  A connection v $m => 0
  A select r=s,m t=0 => 2 r:s,m
`,
);

add(
  "a datagram that is sent by the very thread that asks next",
  `
  pair
  B send s 3
  A socket d dgram
  A bind d 0
  A until r=s,d => 1 r:s
  A sendto d 3 to=$d => 3
  A select r=s,d t=0 => 2 r:s,d
  A recvfrom d 16 => 3 'abc'
  A select r=s,d t=0 => 1 r:s
`,
);

add(
  "connections that went on in the kernel beside user-level ones",
  `
  pair
  A listener m
  A socket k family=0 protocol=6
  A connect k $m => 0
  A accept t m => 0
  A select r=s,k,t w=s,k,t e=s,k,t t=0 => 3 r:- w:s,k,t e:-
  A send k 3
  B send s 4
  settle
  A select r=s,k,t t=0 => 2 r:s,t
  A recv t 16 => 3 'abc'
  A recv s 16 => 4 'abcd'
  A@1 select r=s,k,t &
  A@1 blocked => yes
  A send t 3
  A@1 ends => 1 r:k
`,
);
