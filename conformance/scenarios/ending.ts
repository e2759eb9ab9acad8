import { Group } from "../scenario.js";
import { resetIsEnd } from "./deviations.js";

/** Processes that end with their sockets open, killed or by themselves, in each state of a connection. */
export const endingGroup = new Group("process ends");
const { add } = endingGroup;

for (const [event, how] of [
  ["is killed", "dies"],
  ["leaves", "leaves"],
] as const) {
  add(
    `the peer ${event}, nothing unread`,
    `
    pair
    B ${how}
    settle
    A select r=s w=s e=s t=0 => 2 r:s w:s e:-
    A recv s 16 => 0
    A recv s 16 => 0
    A send s 5
    settle
    A send s 5
    A recv s 16
    `,
  );
  add(
    `the peer ${event} with bytes unread here: they are read`,
    `
    pair
    B send s 5
    B ${how}
    settle
    A select r=s w=s e=s t=0 => 2 r:s w:s e:-
    A ioctl s FIONREAD => 0 -> 5
    A recv s 16 => 5 'abcde'
    A recv s 16 => 0
    A recv s 16 => 0
    `,
  );
  add(
    `the peer ${event} with bytes unread there: a reset`,
    `
    pair
    A send s 5
    settle
    B ${how}
    settle
    A select r=s w=s e=s t=0
    A recv s 16 => ${resetIsEnd}
    A recv s 16 => ${resetIsEnd}
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer ${event} while recv waits`,
    `
    pair
    A@1 recv s 16 &
    A@1 blocked => yes
    B ${how}
    A@1 ends => 0
    A recv s 16 => 0
    `,
  );
  add(
    `the peer ${event} while recv waits, bytes unread there`,
    `
    pair
    A send s 5
    A@1 recv s 16 &
    A@1 blocked => yes
    B ${how}
    A@1 ends => -1 WSAECONNRESET
    A recv s 16 => ${resetIsEnd}
    `,
  );
  add(
    `the peer ${event} while select waits`,
    `
    pair
    A@1 select r=s &
    A@1 blocked => yes
    B ${how}
    A@1 ends => 1 r:s
    A recv s 16 => 0
    `,
  );
  add(
    `the peer ${event} while send waits`,
    `
    pair
    A@1 fill s &
    A@1 blocked => yes
    B ${how}
    A@1 ends => some bytes, then -1 WSAECONNRESET
    A send s 5 => -1 WSAECONNRESET
    A recv s 16 => ${resetIsEnd}
    `,
  );
  add(
    `the peer ${event} with bytes unread there: send is the first to notice`,
    `
    pair
    A send s 5
    settle
    B ${how}
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer ${event} with bytes unread there: recv is the first to notice`,
    `
    pair
    A send s 5
    settle
    B ${how}
    settle
    A recv s 16 => -1 WSAECONNRESET | wine: 0 (Wine's server has taken the error from the kernel when it noticed the reset)
    `,
  );
  add(
    `the peer ${event}, nothing unread: sends only`,
    `
    pair
    B ${how}
    settle
    A send s 5 => 5
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the peer ${event}, nothing unread: send, then recv`,
    `
    pair
    B ${how}
    settle
    A send s 5 => 5
    settle
    A recv s 16 => -1 WSAECONNRESET or 0 | wine: 0 (Wine's server has taken the error from the kernel when it noticed the reset)
    `,
  );
  add(
    `the peer ${event} with bytes unread there and half read here: send is the first to notice`,
    `
    pair
    A send s 5
    B send s 6
    settle
    A recv s 3 => 3 'abc'
    B ${how}
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
    {
      gap: "a send right after a recv does not ask the system whether the peer's process is still there: the next one does",
    },
  );
  add(
    `the peer ${event} with bytes unread there: shutdown, then send`,
    `
    pair
    A send s 5
    A@1 recv s 16 &
    A@1 blocked => yes
    B ${how}
    A@1 ends => -1 WSAECONNRESET
    A shutdown s 1 => 0
    A send s 5 => -1 WSAESHUTDOWN
    `,
  );
  add(
    `the listener ${event} before it accepts, while recv waits`,
    `
    B listener l
    A connection s $l
    A@1 recv s 16 &
    A@1 blocked => yes
    B ${how}
    A@1 ends => -1 WSAECONNRESET
    `,
    { kernelOnly: "nobody accepts it" },
  );
  add(
    `the connector ${event} before accept: sends only`,
    `
    A listener l
    B connection s $l
    B ${how}
    settle
    A accept s l => 0
    A send s 5 => 5
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
    { kernelOnly: "the connector is gone before there is anybody to share memory with" },
  );
  add(
    `the listener ${event} before it accepts: send is the first to notice`,
    `
    B listener l
    A connection s $l
    B ${how}
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
    { kernelOnly: "nobody accepts it" },
  );
  add(
    `the peer ${event} after this side's half-close`,
    `
    pair
    A shutdown s 1 => 0
    B recv s 16 => 0
    B ${how}
    settle
    A recv s 16 => 0
    A send s 5 => -1 WSAESHUTDOWN
    `,
  );
  add(
    `the peer ${event} after its own half-close`,
    `
    pair
    B shutdown s 1 => 0
    settle
    A recv s 16 => 0
    B ${how}
    settle
    A recv s 16 => 0
    A send s 5 => 5
    settle
    A send s 5 => -1 WSAECONNRESET
    `,
  );
  add(
    `the connector ${event} before accept: its bytes are there`,
    `
    A listener l
    B connection s $l
    B send s 5 => 5
    B ${how}
    settle
    A accept s l => 0
    A recv s 16 => 5 'abcde'
    A recv s 16 => 0
    `,
    { kernelOnly: "the connector is gone before there is anybody to share memory with" },
  );
  add(
    `the listener ${event} before it accepts: a reset`,
    `
    B listener l
    A connection s $l
    A send s 5 => 5
    B ${how}
    settle
    A recv s 16 => ${resetIsEnd}
    A recv s 16
    A send s 5
    `,
    { kernelOnly: "the acceptor is gone before there is anybody to share memory with" },
  );
  add(
    `the listener ${event}: connect is refused afterwards`,
    `
    B listener l
    A connection s $l => 0
    B accept s l => 0
    B ${how}
    settle
    A connection t $l => -1 WSAECONNREFUSED
    A recv s 16 => 0
    `,
  );
}

add(
  "a server is killed and starts again on its port: a new connection",
  `
  B listener l
  A connection s $l => 0
  B accept s l => 0
  B dies
  settle
  A recv s 16 => 0
  A close s => 0
  B socket l
  B bind l $l => 0
  B listen l 5 => 0
  A connection s $l => 0
  B accept s l => 0
  A send s 5
  B recv s 16 => 5 'abcde'
  `,
);
