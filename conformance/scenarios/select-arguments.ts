import { Group } from "../scenario.js";

/** `select` with odd sets and times, and `__WSAFDIsSet`. */
export const selectArgumentsGroup = new Group("select arguments");
const { add } = selectArgumentsGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "a socket twice in one set",
  `
  pair
  B send s 5
  settle
  A select r=s,s t=0 => 1 r:s,s
`,
);

add(
  "no sets, empty sets",
  `
  A select t=10 => -1 WSAEINVAL
  A select r= w= e= t=10 => -1 WSAEINVAL
`,
  alone,
);

add(
  "a closed socket",
  `
  A socket s
  A close s
  A select r=s t=10 => -1 WSAENOTSOCK
  A select w=s t=10 => -1 WSAENOTSOCK
  A select e=s t=10 => -1 WSAENOTSOCK
`,
  alone,
);

add(
  "a closed socket among open ones",
  `
  pair
  A socket t
  A close t
  A select r=s,t t=10 => -1 WSAENOTSOCK
  A select r=t,s t=10 => -1 WSAENOTSOCK
  A select r=s w=t t=10 => -1 WSAENOTSOCK
  A select r=s e=t t=10 => -1 WSAENOTSOCK
  A select r=s t=10 => 0 r:-
`,
);

add(
  "a closed socket beside a readable one",
  `
  pair
  B send s 5
  settle
  A socket t
  A close t
  A select r=s,t t=10 => -1 WSAENOTSOCK
  A many 5 select r=s w=t t=0 => 5x -1 WSAENOTSOCK
  A recv s 16 => 5 'abcde'
`,
);

add(
  "handles that are no sockets",
  `
  pair
  A select r=event t=10 => -1 WSAENOTSOCK
  A select r=s,event t=10 => -1 WSAENOTSOCK
  A select r=zero t=10 => -1 WSAENOTSOCK
  A many 5 select w=s e=never t=10 => 5x -1 WSAENOTSOCK
`,
);

add(
  "sockets that are not connected",
  `
  A socket s
  A select r=s t=10
  A select w=s t=10
  A select e=s t=10
  A socket d dgram
  A select r=d w=d t=10 => 1 r:- w:d
`,
  alone,
);

add(
  "a negative time-out",
  `
  pair
  A select r=s t=-1.0 => -1 WSAEINVAL | wine: 0 r:- (Wine takes it for no time at all)
  A select r=s t=0.-5 => -1 WSAEINVAL | wine: 0 r:- (Wine takes it for no time at all)
`,
);

add(
  "a time-out of more than a second's microseconds",
  `
  pair
  B send s 1
  settle
  A select r=s t=0.3000000 => 1 r:s
`,
);

add(
  "the first argument does not matter",
  `
  pair
  A select n=0 w=s t=0 => 1 w:s
  A select n=-5 w=s t=0 => 1 w:s
  A select n=1000000 w=s t=0 => 1 w:s
`,
);

add(
  "__WSAFDIsSet finds what is in a set",
  `
  A socket s
  A socket t
  A isset s in=s,t => 1
  A isset t in=s,t => 1
  A isset t in=s => 0
  A isset s in= => 0
`,
  alone,
);

add(
  "a listener and a connection: both are ready, again and again",
  `
  pair
  A listener m
  B connection t $m => 0
  settle
  A many 200 select r=s,m w=s t=0 => 200x 2 r:m w:s
`,
);
