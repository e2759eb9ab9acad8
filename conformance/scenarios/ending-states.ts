import { Group } from "../scenario.js";
import { resetIsEnd } from "./deviations.js";

/** Processes that end in each state of closing, before, between and after half-closes, with bytes on the way either way. */
export const endingStatesGroup = new Group("process ends while closing");
const { add } = endingStatesGroup;

for (const [event, how] of [
  ["is killed", "dies"],
  ["leaves", "leaves"],
] as const) {
  add(
    `both have shut sending down, then the peer ${event}`,
    `
    pair
    A shutdown s 1 => 0
    B shutdown s 1 => 0
    B ${how}
    settle
    A select r=s w=s e=s t=0 => 2 r:s w:s e:-
    A recv s 16 => 0
    A recv s 16 => 0
    A send s 5 => -1 WSAESHUTDOWN
    A close s => 0
    `,
  );
  add(
    `the peer has shut sending down with bytes unread here, then it ${event}`,
    `
    pair
    B send s 5
    B shutdown s 1 => 0
    B ${how}
    settle
    A recv s 3 => 3 'abc'
    A recv s 16 => 2 'de'
    A recv s 16 => 0
    A send s 5 => 5
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer has shut sending down with bytes unread there, then it ${event}`,
    `
    pair
    A send s 5
    B shutdown s 1 => 0
    settle
    B ${how}
    settle
    A select r=s w=s e=s t=0
    A recv s 16
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `this side has shut sending down with bytes unread there, then the peer ${event}`,
    `
    pair
    A send s 5
    A shutdown s 1 => 0
    settle
    B ${how}
    settle
    A select r=s w=s e=s t=0
    A recv s 16
    A recv s 16
    A send s 5 => -1 WSAESHUTDOWN
    `,
  );
  add(
    `this side has shut sending down while recv waits, bytes unread there, then the peer ${event}`,
    `
    pair
    A send s 5
    A shutdown s 1 => 0
    A@1 recv s 16 &
    A@1 blocked => yes
    B ${how}
    A@1 ends => -1 WSAECONNRESET
    `,
  );
  add(
    `this side has shut receiving down, then the peer ${event}`,
    `
    pair
    A shutdown s 0 => 0
    B ${how}
    settle
    A select w=s e=s t=0 => 1 w:s e:-
    A recv s 16 => -1 WSAESHUTDOWN
    A send s 5 => 5
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer has shut receiving down, then it ${event}`,
    `
    pair
    B shutdown s 0 => 0
    A send s 3 => 3
    settle
    B ${how}
    settle
    A send s 5 => -1 WSAECONNRESET
    A recv s 16
    `,
  );
  add(
    `the peer has closed in order, then it ${event}`,
    `
    pair
    B send s 5
    B close s => 0
    B ${how}
    settle
    A select r=s w=s e=s t=0 => 2 r:s w:s e:-
    A recv s 16 => 5 'abcde'
    A recv s 16 => 0
    A send s 5 => 5
    settle
    A send s 5
    `,
  );
  add(
    `the peer has reset the connection, then it ${event}`,
    `
    pair
    B set s SO_LINGER 1 0
    B close s => 0
    B ${how}
    settle
    A recv s 16 => ${resetIsEnd}
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer has closed with bytes unread there, then it ${event}`,
    `
    pair
    A send s 5
    settle
    B close s => 0
    B ${how}
    settle
    A recv s 16 => ${resetIsEnd}
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer wants to reset when it closes, and ${event} instead`,
    `
    pair
    B send s 5
    B set s SO_LINGER 1 0 => 0
    settle
    B ${how}
    settle
    A recv s 16
    A recv s 16
    A send s 5
    `,
  );
  add(
    `the peer wants to linger when it closes, and ${event} instead`,
    `
    pair
    B send s 5
    B set s SO_LINGER 1 3 => 0
    settle
    B ${how}
    settle
    A recv s 16 => 5 'abcde'
    A recv s 16 => 0
    `,
  );
  add(
    `the buffer is full, and the peer ${event}: without blocking`,
    `
    pair
    A ioctl s FIONBIO 1
    A fill s => some bytes, then -1 WSAEWOULDBLOCK
    A@1 select w=s &
    A@1 blocked => yes
    B ${how}
    A@1 ends => 1 w:s
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `this side's buffer is full: all of it is read after the peer ${event}`,
    `
    pair
    B ioctl s FIONBIO 1
    B fill s => some bytes, then -1 WSAEWOULDBLOCK
    B ${how}
    settle
    A recvall s $filled => all
    A recv s 16 => 0
    `,
  );
  add(
    `an urgent byte is unread here, and the peer ${event}`,
    `
    pair
    B send s 3
    B send s 1 oob
    settle
    B ${how}
    settle
    A select r=s e=s t=0 => 2 r:s e:s
    A recv s 16 => 3 'abc'
    A recv s 1 oob => 1 'A'
    A recv s 16 => 0
    `,
  );
  add(
    `this side has closed already when the peer ${event}`,
    `
    pair
    A send s 5
    A close s => 0
    B ${how}
    A recv s 16 => -1 WSAENOTSOCK
    A listener m
    B connection t $m => 0
    A accept t m => 0
    A send t 3
    B recv t 16 => 3 'abc'
    `,
  );
  add(
    `one of the peer's two connections is half closed when it ${event}`,
    `
    pair
    A listener m
    B connection t $m
    A accept t m
    B shutdown s 1
    A send t 4
    settle
    B ${how}
    settle
    A recv s 16 => 0
    A send t 5 => -1 WSAECONNRESET
    A select r=s,t w=s,t t=0 => 4 r:s,t w:s,t
    `,
  );
}
