import { Group } from "../scenario.js";

/** `select` and `__WSAFDIsSet`. */
export const selectingGroup = new Group("select");
const { add } = selectingGroup;

add(
  "a fresh connection: writable, not readable, nothing exceptional",
  `
  pair
  A select r=s t=0 => 0 r:-
  A select w=s t=0 => 1 w:s
  A select e=s t=0 => 0 e:-
  A select r=s w=s e=s t=0 => 1 r:- w:s e:-
  A select w=s => 1 w:s
`,
);

add(
  "time-out of some milliseconds: nothing happens",
  `
  pair
  A select r=s t=30 => 0 r:-
  A select r=s e=s t=30 => 0 r:- e:-
  A select r=s t=0.500 => 0 r:-
`,
);

add(
  "time-out of some milliseconds: it is ready at once",
  `
  pair
  A select w=s t=5000 => 1 w:s
  B send s 5
  settle
  A select r=s t=5000 => 1 r:s
`,
);

add(
  "no time-out: it waits until bytes come",
  `
  pair
  A@1 select r=s e=s &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 1 r:s e:-
  A select r=s => 1 r:s
  A recv s 16 => 5 'abcde'
  A select r=s t=0 => 0 r:-
`,
);

add(
  "a long time-out: it waits until bytes come",
  `
  pair
  A@1 select r=s t=20000 &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 1 r:s
`,
);

add(
  "readable until everything is read",
  `
  pair
  B send s 5
  settle
  A select r=s t=0 => 1 r:s
  A recv s 3
  A select r=s e=s t=0 => 1 r:s e:-
  A recv s 3
  A select r=s e=s t=0 => 0 r:- e:-
`,
);

add(
  "readable at the end of the stream, again and again",
  `
  pair
  B close s
  settle
  A select r=s t=0 => 1 r:s
  A select r=s t=0 => 1 r:s
  A recv s 16 => 0
  A select r=s t=0 => 1 r:s
`,
);

add(
  "a socket in all three sets counts for each",
  `
  pair
  B send s 5
  settle
  A select r=s w=s e=s t=0 => 2 r:s w:s e:-
`,
);

add(
  "two connections, one of which has bytes",
  `
  pair
  A listener m
  B connection t $m
  A accept t m
  B send t 5
  settle
  A select r=s,t t=0 => 1 r:t
  A select r=t,s t=0 => 1 r:t
  B send s 5
  settle
  A select r=s,t t=0 => 2 r:s,t
`,
);

add(
  "two connections, wakes for the second",
  `
  pair
  A listener m
  B connection t $m
  A accept t m
  A@1 select r=s,t &
  A@1 blocked => yes
  B send t 5
  A@1 ends => 1 r:t
`,
);

add(
  "a listener, a connection and datagrams: nothing ready",
  `
  pair
  A listener m
  A socket d dgram
  A bind d 0
  A select r=m,s,d t=0 => 0 r:-
  A select r=m,s,d t=20 => 0 r:-
  A select r=m,s,d w=d t=0 => 1 r:- w:d
`,
);

add(
  "a listener, a connection and datagrams: each becomes ready",
  `
  pair
  A listener m
  A socket d dgram
  A bind d 0
  A sendto d 1 to=$d
  A until r=m,s,d => 1 r:d
  B send s 5
  settle
  A select r=m,s,d t=0 => 2 r:s,d
  A recvfrom d 5 => 1 'a'
  B connection t $m
  settle
  A select r=m,s,d t=20 => 2 r:m,s
  A accept t m => 0
  A recv s 16 => 5 'abcde'
  A select r=m,s,d,t t=0 => 0 r:-
  A@1 select r=m,s,d,t &
  A@1 blocked => yes
  B send t 2
  A@1 ends => 1 r:t
`,
);

add(
  "datagrams wake a select that also has a connection",
  `
  pair
  A socket d dgram
  A bind d 0
  A@1 select r=s,d &
  A@1 blocked => yes
  A sendto d 3 to=$d => 3
  A@1 ends => 1 r:d
`,
);

add(
  "a new connection wakes a select that also has a connection",
  `
  pair
  A listener m
  A@1 select r=s,m &
  A@1 blocked => yes
  B connection t $m => 0
  A@1 ends => 1 r:m
  A accept t m => 0
`,
);

add(
  "writable only when there is room",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A select r=s w=s e=s t=0 => 0 r:- w:- e:-
  A@1 select w=s &
  A@1 blocked => yes
  B recvall s $filled => all
  A@1 ends => 1 w:s
`,
);

add(
  "waits for room and for bytes at once: bytes come",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select r=s w=s &
  A@1 blocked => yes
  B send s 5
  A@1 ends => 1 r:s w:-
`,
);

add(
  "waits for room: the peer resets",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select w=s &
  A@1 blocked => yes
  B set s SO_LINGER 1 0
  B close s
  A@1 ends => 1 w:s
`,
);

add(
  "waits for room: the peer closes with bytes unread",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select w=s &
  A@1 blocked => yes
  B close s
  A@1 ends => 1 w:s
`,
);

for (const count of [64, 65, 200]) {
  add(
    `${count} connections in a set`,
    `
  A socket l
  A bind l 0
  A listen l 250
  B many ${count} connection c% $l => ${count}x 0
  A many ${count} accept c% l => ${count}x 0
  A select r=c%${count} t=0 => 0 r:0 of c%${count}
  A select w=c%${count} t=0 => ${count} w:${count} of c%${count}
  B send c3 5
  B send c${count - 1} 5
  settle
  A select r=c%${count} t=0 => 2 r:2 of c%${count}
  A select r=c%${count} w=c%${count} t=100 => ${count + 2} r:2 of c%${count} w:${count} of c%${count}
  A recv c3 16 => 5 'abcde'
  A recv c${count - 1} 16 => 5 'abcde'
  A@1 select r=c%${count} &
  A@1 blocked => yes
  B send c${count - 2} 3
  A@1 ends => 1 r:1 of c%${count}
`,
  );
}

add(
  "two threads select on one connection, one for reading, one for writing",
  `
  pair
  A ioctl s FIONBIO 1
  A fill s
  A@1 select r=s &
  A@1 blocked => yes
  A@2 select w=s &
  A@2 blocked => yes
  B recvall s $filled => all
  A@2 ends => 1 w:s
  A@1 blocked => yes
  B send s 1
  A@1 ends => 1 r:s
`,
);

add(
  "two threads select for reading on one connection",
  `
  pair
  A@1 select r=s &
  A@1 blocked => yes
  A@2 select r=s &
  A@2 blocked => yes
  B send s 1
  A@1 ends => 1 r:s
  A@2 ends => 1 r:s
`,
);

add(
  "connected before the peer accepts: writable, not readable",
  `
  B listener l
  A connection s $l
  A select r=s w=s e=s t=0 => 1 r:- w:s e:-
  A select r=s t=20 => 0 r:-
  B accept s l => 0
  B send s 3
  settle
  A select r=s w=s t=0 => 2 r:s w:s
`,
);

add(
  "a hundred selects with bytes between them",
  `
  pair
  A@1 many 100 select r=s t=20000 &
  B send s 5
  A@1 ends => 100x 1 r:s
  A recv s 16 => 5 'abcde'
  A many 100 select r=s t=0 => 100x 0 r:-
`,
);

add(
  "the except set alone, with some time to wait",
  `
  pair
  A select e=s t=0 => 0 e:-
  A select e=s t=5 => 0 e:-
`,
);

add(
  "receiving shut down here: not readable for that",
  `
  pair
  A shutdown s 0 => 0
  A select r=s w=s e=s t=0 => 1 r:- w:s e:-
  A select r=s t=5 => 0 r:-
`,
);
