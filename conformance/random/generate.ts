import { End, Listener, Model } from "./model.js";
import { Random } from "./random.js";

/** What a program may be like. */
export interface ProgramOptions {
  /** Processes that may end need to be processes. */
  together: boolean;
}

/** How much may be under way to an end that does not read: no buffer of any implementation is smaller. */
const mostUnread = 1500;

/** Makes one program: lines of the script language, whose every result is determined once what was sent has arrived. */
class Generator {
  #random: Random;
  readonly #seed: number;
  readonly #options: ProgramOptions;
  readonly #model: Model;
  readonly #lines: string[] = [];
  /** Something is under way that a call would see or not see, depending on time. */
  #unsettled = false;
  #names = 0;

  constructor(seed: number, options: ProgramOptions) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#options = options;
    const parties = this.#random.weighted([
      [6, ["A", "B"]],
      [2, ["A", "B", "C"]],
      [1, ["A", "B", "C", "D"]],
    ]);
    this.#model = new Model(parties);
  }

  /** The program of these steps. Each step draws from a seed of its own: it does much the same when others are left out. */
  program(steps: readonly number[]): string[] {
    this.#listen(this.#random.pick(this.#model.parties));
    for (const step of steps) {
      this.#random = new Random(this.#seed * 1009 + step + 1);
      this.#step();
    }
    this.#wakeAll();
    return this.#lines;
  }

  #say(line: string): void {
    this.#lines.push(line);
  }

  /** Before a call that does not wait and sees what others have done. */
  #settle(): void {
    if (this.#unsettled) this.#say("settle");
    this.#unsettled = false;
  }

  #name(): string {
    return `s${++this.#names}`;
  }

  #step(): void {
    const random = this.#random;
    const ends = this.#model.namedEnds();
    const listeners = this.#model.listeners.filter((listener) => listener.open);
    if (ends.length === 0 || (ends.length < 8 && random.chance(0.12))) {
      if (listeners.length === 0 || (listeners.length < 3 && random.chance(0.1))) {
        this.#listen(random.pick(this.#model.parties));
      } else this.#connect(random.pick(listeners));
    } else if (listeners.some(({ backlog }) => backlog.length > 0) && random.chance(0.35)) {
      this.#accept(random.pick(listeners.filter(({ backlog }) => backlog.length > 0)));
    } else if (random.chance(0.015)) this.#closeListener(random.pick([...listeners, undefined]));
    else if (!this.#options.together && random.chance(0.012)) this.#endProcess(random.pick(this.#model.parties));
    else this.#act(random.pick(ends));
    this.#wake();
  }

  #act(end: End): void {
    this.#random.weighted<(end: End) => void>([
      [20, (one) => this.#send(one)],
      [20, (one) => this.#receive(one)],
      [8, (one) => this.#select(one)],
      [5, (one) => this.#ask(one)],
      [4, (one) => this.#watch(one)],
      [3, (one) => this.#block(one)],
      [3, (one) => this.#stream(one)],
      [3, (one) => this.#shutdown(one)],
      [1, (one) => this.#linger(one)],
      [3, (one) => this.#close(one)],
    ])(end);
  }

  #listen(party: string): void {
    const listener = new Listener(party, this.#name());
    this.#model.listeners.push(listener);
    this.#say(`${party} listener ${listener.name}`);
  }

  #connect(listener: Listener): void {
    if (listener.backlog.length >= 4) return;
    const party = this.#random.pick(this.#model.parties);
    const end = new End(party, this.#name());
    end.peer = new End(listener.party, undefined);
    end.peer.peer = end;
    this.#model.ends.push(end, end.peer);
    listener.backlog.push(end.peer);
    if (this.#random.chance(0.3)) {
      end.nonBlocking = true;
      this.#say(`${party} socket ${end.name}`);
      this.#say(`${party} ioctl ${end.name} FIONBIO 1`);
      this.#say(`${party} connect ${end.name} $${listener.name}`);
      this.#say(`${party} until w=${end.name}`);
    } else this.#say(`${party} connection ${end.name} $${listener.name}`);
    this.#unsettled = true;
  }

  #accept(listener: Listener): void {
    this.#settle();
    const end = listener.backlog.shift()!;
    end.name = this.#name();
    end.nonBlocking = listener.nonBlocking;
    this.#say(`${listener.party} accept ${end.name} ${listener.name}${this.#random.chance(0.3) ? " from" : ""}`);
    // Not yet the kernel's answer: what the first look at it says when the connector's process has gone.
    if (end.peerLost) this.#unsettled = true;
  }

  #closeListener(listener: Listener | undefined): void {
    if (!listener) return;
    // Not yet the kernel's answer: recv that waits while the listener closes that has not accepted yet.
    if (listener.backlog.some(({ peer }) => peer.watched)) return;
    this.#settle();
    this.#model.closeListener(listener);
    this.#say(`${listener.party} close ${listener.name}`);
    this.#unsettled = true;
  }

  #endProcess(party: string): void {
    if (this.#model.waiting.some((one) => one.party === party) || this.#disturbs((end) => end.party === party)) return;
    // Not yet the kernel's answer: recv that waits while the listener goes that has not accepted yet.
    const listeners = this.#model.listeners.filter((listener) => listener.party === party);
    if (listeners.some(({ backlog }) => backlog.some(({ peer }) => peer.watched))) return;
    this.#settle();
    this.#model.end(party);
    this.#say(`${party} ${this.#random.pick(["dies", "leaves"])}`);
    this.#unsettled = true;
  }

  #send(end: End): void {
    const random = this.#random;
    // Not yet the kernel's answer: send is the first to notice that the listener has gone.
    // Or that the peer's process has gone, while bytes are unread on both sides.
    if (end.peerLost && (!end.peer.named || (end.reset && end.incoming > 0))) return;
    // What a send to somebody who has gone says depends on what has been noticed of it.
    this.#settle();
    const bytes = random.chance(0.05) ? 0 : random.between(1, random.chance(0.2) ? 700 : 40);
    if (end.peer.incoming + bytes > mostUnread) return;
    const call = random.weighted([
      [8, "send"],
      [1, "sendto"],
    ]);
    this.#say(`${end.party} ${call} ${end.name} ${bytes}`);
    if (!end.sendingShut && !end.reset && end.peer.open) end.peer.incoming += bytes;
    // Bytes for somebody who has closed come back as a reset.
    if (!end.peer.open && bytes > 0 && !end.sendingShut) end.reset = true;
    this.#unsettled = true;
  }

  #receive(end: End): void {
    const random = this.#random;
    if (end.watched) return;
    // Wine's server takes the error from the kernel before recv does; here recv tells of it, as documented.
    if (end.peerLost && end.reset) return;
    if (!end.readable && !end.nonBlocking) {
      if (random.chance(0.7)) return;
      end.nonBlocking = true;
      this.#say(`${end.party} ioctl ${end.name} FIONBIO 1`);
    }
    this.#settle();
    const bytes = random.chance(0.03) ? 0 : random.between(1, random.chance(0.3) ? 2000 : 40);
    const peek = random.chance(0.2);
    const call = random.weighted([
      [7, "recv"],
      [2, "recvfrom"],
      [1, "recvex"],
    ]);
    // WSARecvEx's flags come back otherwise over Wine's sockets.
    const flags = peek && call !== "recvex" ? " peek" : "";
    this.#say(
      `${end.party} ${call} ${end.name} ${bytes}${flags}${call === "recvfrom" && random.chance(0.3) ? " from" : ""}`,
    );
    if (flags === "" && !end.receivingShut) end.incoming -= Math.min(bytes, end.incoming);
  }

  #select(end: End): void {
    this.#settle();
    const random = this.#random;
    // Not yet the kernel's answer: sockets that only the kernel knows, beside one that is ready at user level.
    const isLive = (one: End) => one.party === end.party && !one.ended && !one.reset;
    const mine = isLive(end) ? this.#model.namedEnds().filter(isLive) : [end];
    const names = (list: readonly End[]) => [...new Set(list)].map(({ name }) => name).join(",");
    const some = () => [end, random.pick(mine)];
    const sets = [
      random.chance(0.8) ? `r=${names(some())}` : "",
      random.chance(0.5) ? `w=${names(some())}` : "",
      random.chance(0.3) ? `e=${names(some())}` : "",
    ].filter((set) => set !== "");
    if (sets.length === 0) return;
    this.#say(`${end.party} select ${sets.join(" ")} t=${random.pick([0, 0, 1, 3])}`);
  }

  /** Whether it would end calls that wait for several ends at once: which of them they find is a matter of time. */
  #disturbs(gone: (end: End) => boolean): boolean {
    return this.#model.waiting.some(({ ends }) => ends.length > 1 && ends.some(({ peer }) => gone(peer)));
  }

  #ask(end: End): void {
    this.#settle();
    const questions = ["getsockname NAME", "ioctl NAME FIONREAD", "get NAME SO_TYPE", "get NAME SO_LINGER"];
    // Linux forgets the peer of a connection that both sides have ended; the kernel connection below ours goes on.
    if (!end.sendingShut && !end.ended && !end.reset) questions.push("getpeername NAME", "get NAME SO_ERROR");
    const switches = ["set NAME TCP_NODELAY 1", "set NAME SO_KEEPALIVE 1", "ioctl NAME SIOCATMARK"];
    const question = this.#random.pick([...questions, ...switches]);
    if (this.#random.chance(0.25) && !end.watched) {
      end.nonBlocking = !end.nonBlocking;
      this.#say(`${end.party} ioctl ${end.name} FIONBIO ${end.nonBlocking ? 1 : 0}`);
    } else this.#say(`${end.party} ${question.replace("NAME", end.name!)}`);
  }

  /** A thread selects on some ends, none of which is ready. */
  #watch(end: End): void {
    const mine = this.#model.namedEnds().filter((one) => one.party === end.party && !one.readable && !one.watched);
    const thread = this.#model.freeThread(end.party);
    if (mine.length === 0 || thread === undefined) return;
    this.#settle();
    const ends = mine.filter((_, index) => index < 3);
    for (const one of ends) one.watched = true;
    this.#say(`${end.party}@${thread} select r=${ends.map(({ name }) => name).join(",")} &`);
    this.#say(`${end.party}@${thread} blocked`);
    const finish = () => {
      for (const one of ends) one.watched = false;
    };
    this.#model.waiting.push({ party: end.party, thread, ends, finish });
  }

  /** A thread waits in recv. */
  #block(end: End): void {
    const thread = this.#model.freeThread(end.party);
    if (end.readable || end.watched || end.nonBlocking || thread === undefined) return;
    this.#settle();
    const bytes = this.#random.between(1, 60);
    const peek = this.#random.chance(0.2);
    end.watched = true;
    this.#say(`${end.party}@${thread} recv ${end.name} ${bytes}${peek ? " peek" : ""} &`);
    this.#say(`${end.party}@${thread} blocked`);
    const finish = () => {
      end.watched = false;
      if (!peek) end.incoming -= Math.min(bytes, end.incoming);
    };
    this.#model.waiting.push({ party: end.party, thread, ends: [end], finish });
  }

  /** More bytes than any buffer holds, sent by a thread while the peer reads them. */
  #stream(end: End): void {
    const { peer } = end;
    const thread = this.#model.freeThread(end.party);
    const idle = peer.name !== undefined && peer.open && !peer.watched && !peer.receivingShut && !end.sendingShut;
    if (!idle || end.peerLost || end.reset || peer.reset || end.nonBlocking || peer.nonBlocking || thread === undefined)
      return;
    this.#settle();
    const bytes = this.#random.between(1, this.#random.chance(0.3) ? 400_000 : 30_000);
    const chunk = this.#random.pick([100, 4096, 65536]);
    this.#say(`${end.party}@${thread} sendall ${end.name} ${bytes} chunk=${chunk} &`);
    this.#say(
      `${peer.party} recvall ${peer.name} ${bytes + peer.incoming} chunk=${this.#random.pick([333, 4096, 65536])}`,
    );
    this.#say(`${end.party}@${thread} ends`);
    peer.incoming = 0;
  }

  #shutdown(end: End): void {
    const how = this.#random.pick([0, 1, 1, 1, 2]);
    // Not yet the kernel's answer: what send says when both a reset and a shutdown forbid it.
    if ((end.watched && how !== 1) || (end.peerLost && end.reset)) return;
    this.#settle();
    this.#say(`${end.party} shutdown ${end.name} ${how}`);
    if (how !== 1) end.receivingShut = true;
    if (how !== 0) {
      end.sendingShut = true;
      end.peer.ended = true;
    }
    this.#unsettled = true;
  }

  #linger(end: End): void {
    end.lingerZero = this.#random.chance(0.7);
    this.#say(`${end.party} set ${end.name} SO_LINGER ${end.lingerZero ? "1" : "0"} 0`);
  }

  #close(end: End): void {
    if (end.watched) return;
    this.#settle();
    this.#model.close(end);
    this.#say(`${end.party} close ${end.name}`);
    this.#unsettled = true;
  }

  /** The calls that now end, do. */
  #wake(): void {
    for (const one of [...this.#model.waiting]) {
      if (!one.ends.some((end) => end.readable)) continue;
      this.#say(`${one.party}@${one.thread} ends`);
      this.#model.waiting = this.#model.waiting.filter((other) => other !== one);
      one.finish();
    }
  }

  /** No thread is left waiting at the program's end: their peers speak, or close. */
  #wakeAll(): void {
    for (const one of [...this.#model.waiting]) {
      if (!this.#model.waiting.includes(one)) continue;
      const end = one.ends.find(({ peer }) => peer.open && !peer.peerLost && (!peer.sendingShut || !peer.watched));
      if (!end) continue;
      const { peer } = end;
      const listener = this.#model.listeners.find(({ backlog }) => backlog.includes(peer));
      while (listener && peer.name === undefined) this.#accept(listener);
      this.#settle();
      this.#say(peer.sendingShut ? `${peer.party} close ${peer.name}` : `${peer.party} send ${peer.name} 1`);
      if (peer.sendingShut) this.#model.close(peer);
      else end.incoming++;
      this.#wake();
    }
  }
}

/** The steps of a seed's program. */
export function stepsOf(seed: number): number[] {
  return Array.from({ length: new Random(~seed).between(6, 32) }, (_, step) => step);
}

/** The program of a seed, as the script's lines: of all its steps, or of some, for making it smaller. */
export function generate(seed: number, options: ProgramOptions, steps: readonly number[] = stepsOf(seed)): string[] {
  return new Generator(seed, options).program(steps);
}
