import { Group } from "../scenario.js";

/** Several servers, addresses and processes at once; servers that end and come again. */
export const severalGroup = new Group("several servers");
const { add } = severalGroup;
const alone = { kernelOnly: "nothing is connected" };

add(
  "one port with SO_REUSEADDR in two processes that listen",
  `
  A socket l
  A set l SO_REUSEADDR 1
  A bind l 0 => 0
  A listen l 5 => 0
  C socket l
  C set l SO_REUSEADDR 1
  C bind l $A.l
  C listen l 5
  B connection s $A.l => 0
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "one port with SO_REUSEADDR: both bind before either listens",
  `
  A socket l
  A set l SO_REUSEADDR 1
  A bind l 0 => 0
  C socket l
  C set l SO_REUSEADDR 1
  C bind l $A.l => 0
  A listen l 5 => 0
  C listen l 5
  B connection s $A.l => 0
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "one port with SO_REUSEADDR: the next process listens when the first has gone",
  `
  A socket l
  A set l SO_REUSEADDR 1
  A bind l 0 => 0
  C socket l
  C set l SO_REUSEADDR 1
  C bind l $A.l => 0
  A listen l 5 => 0
  B connection s $A.l => 0
  A accept s l => 0
  A close l => 0
  C listen l 5 => 0
  B connection t $A.l => 0
  C accept t l => 0
  A send s 3
  C send t 4
  B recv s 16 => 3 'abc'
  B recv t 16 => 4 'abcd'
`,
);

add(
  "every address in one process, one address with the same port in another",
  `
  A listener l any:0
  C socket m
  C bind m 127.0.0.2:$A.l => 0 | both: -1 WSAEADDRINUSE (Linux lets a port that somebody listens on go with no address)
  B connection s 127.0.0.2:$A.l => 0
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "one address in one process, every address with the same port in another",
  `
  A listener l 127.0.0.2:0
  C socket m
  C bind m any:$A.l
  B connection s 127.0.0.2:$A.l => 0
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "one port on five addresses in four processes",
  `
  A listener l 127.0.0.1:0
  A listener m 127.0.0.2:$A.l => 0
  B listener l 127.0.0.3:$A.l => 0
  C listener l 127.0.0.4:$A.l => 0
  D listener l 127.9.9.9:$A.l => 0
  A connection b 127.0.0.3:$A.l => 0
  A connection c 127.0.0.4:$A.l => 0
  A connection d 127.9.9.9:$A.l => 0
  D connection s 127.0.0.1:$A.l => 0
  D connection t 127.0.0.2:$A.l => 0
  A accept s l => 0
  A accept t m => 0
  B accept b l => 0
  C accept c l => 0
  D accept d l => 0
  B send b 1
  C send c 2
  D send d 3
  A recv b 9 => 1 'a'
  A recv c 9 => 2 'ab'
  A recv d 9 => 3 'abc'
  A send s 4
  A send t 5
  D recv s 9 => 4 'abcd'
  D recv t 9 => 5 'abcde'
  A connection x 127.0.0.5:$A.l => -1 WSAECONNREFUSED
`,
);

add(
  "the connector has named itself with every address",
  `
  A listener l
  B socket s
  B bind s any:0 => 0
  B connect s $l => 0
  B getsockname s => 0 127.0.0.1:<B.s> 16 bytes
  A accept s l from => 0 127.0.0.1:<B.s> 16 bytes
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "the connector has named itself with every address, without blocking",
  `
  A listener l any:0
  B socket s
  B bind s any:0 => 0
  B ioctl s FIONBIO 1
  B connect s 127.0.0.7:$l => -1 WSAEWOULDBLOCK
  B until w=s => 1 w:s
  A accept s l from => 0 127.0.0.7:<B.s> 16 bytes | both: 0 127.0.0.1:<B.s> 16 bytes (Linux chooses 127.0.0.1 for the whole network)
  A send s 3
  B until r=s
  B recv s 16 => 3 'abc'
`,
);

add(
  "one local port to two servers",
  `
  A listener l
  C listener m
  B socket s
  B set s SO_REUSEADDR 1
  B bind s 0 => 0
  B connect s $A.l => 0
  B socket t
  B set t SO_REUSEADDR 1
  B bind t $B.s
  B connect t $C.m
  A accept s l => 0
  A send s 3
  B recv s 16 => 3 'abc'
`,
);

add(
  "a connector's port is used again at once for the same server",
  `
  A listener l
  B socket s
  B bind s 0 => 0
  B connect s $A.l => 0
  A accept s l => 0
  A close s => 0
  B recv s 16 => 0
  B close s => 0
  B socket t
  B bind t $B.s => 0
  B connect t $A.l => 0
  A accept t l => 0
  B send t 3
  A recv t 16 => 3 'abc'
`,
);

add(
  "three processes connect and ask at once, and are answered by their names",
  `
  A listener l
  B connection s $l => 0
  C connection s $l => 0
  D connection s $l => 0
  D send s 3
  B send s 1
  C send s 2
  A accept b l from => 0 127.0.0.1:<B.s> 16 bytes
  A accept c l from => 0 127.0.0.1:<C.s> 16 bytes
  A accept d l from => 0 127.0.0.1:<D.s> 16 bytes
  A recv b 9 => 1 'a'
  A recv c 9 => 2 'ab'
  A recv d 9 => 3 'abc'
`,
);

add(
  "a listener with connections that wait is closed, and its port serves again",
  `
  A listener l
  B connection s $l => 0
  B connection t $l => 0
  A close l => 0
  settle
  B send s 1 => -1 WSAECONNRESET
  A socket l
  A bind l $l => 0
  A listen l 5 => 0
  B connection u $l => 0
  A accept u l => 0
  A send u 3
  B recv u 16 => 3 'abc'
`,
);

for (const [event, how] of [
  ["is killed", "dies"],
  ["leaves", "leaves"],
] as const) {
  add(
    `a server ${event} with connections that wait and others that are served, three times`,
    [1, 2, 3]
      .map(
        (round) => `
  B socket l
  B bind l ${round === 1 ? "0" : "$l"} => 0
  B listen l 5 => 0
  A connection s $l => 0
  B accept s l => 0
  B send s 3
  A recv s 16 => 3 'abc'
  A connection t $l => 0
  B ${how}
  settle
  A recv s 16 => 0
  A send t 1 => -1 WSAECONNRESET
  A close s
  A close t
  A connection u $l => -1 WSAECONNREFUSED
  A close u
`,
      )
      .join(""),
  );
  add(
    `a server on one of two addresses ${event}: the other's goes on`,
    `
  A listener l 127.0.0.1:0
  C listener m 127.0.0.2:$A.l => 0
  B connection s 127.0.0.1:$A.l => 0
  B connection t 127.0.0.2:$A.l => 0
  A accept s l => 0
  C accept t m => 0
  C ${how}
  settle
  B recv t 16 => 0
  B send s 3
  A recv s 16 => 3 'abc'
  B connection u 127.0.0.2:$A.l => -1 WSAECONNREFUSED
  B connection v 127.0.0.1:$A.l => 0
  A accept v l => 0
  A send v 2
  B recv v 16 => 2 'ab'
`,
  );
}

add(
  "a client is killed and comes again: the server goes on",
  `
  A listener l
  B connection s $l
  A accept s l => 0
  B send s 3
  A recv s 16 => 3 'abc'
  B dies
  settle
  A recv s 16 => 0
  A close s
  B connection s $l => 0
  A accept s l => 0
  B send s 4
  A recv s 16 => 4 'abcd'
`,
);

add(
  "bind: ports and addresses without connections",
  `
  A socket s
  A bind s 127.0.0.2:0 => 0
  A getsockname s => 0 127.0.0.2:<A.s> 16 bytes
  B socket t
  B bind t 127.0.0.3:$s => 0
  B socket u
  B bind u 127.0.0.2:$s => -1 WSAEADDRINUSE
`,
  alone,
);
