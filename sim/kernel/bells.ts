import type { WaitQueue } from "../machine/thread.js";

/** A named event that wakes one sleeper and is silent again. */
export class Bell {
  rung = false;
  handles = 0;

  constructor(
    readonly name: string,
    readonly changed: WaitQueue,
  ) {}

  ring(): void {
    this.rung = true;
    this.changed.notify();
  }
}

/** All bells. One that nobody has open any more is gone. */
export class Bells {
  readonly byName = new Map<string, Bell>();

  constructor(private readonly newQueue: () => WaitQueue) {}

  create(name: string): Bell {
    let bell = this.byName.get(name);
    if (bell === undefined) {
      bell = new Bell(name, this.newQueue());
      this.byName.set(name, bell);
    }
    bell.handles++;
    return bell;
  }

  open(name: string): Bell | undefined {
    const bell = this.byName.get(name);
    if (bell !== undefined) bell.handles++;
    return bell;
  }

  close(bell: Bell): void {
    bell.handles--;
    if (bell.handles === 0) this.byName.delete(bell.name);
  }
}
