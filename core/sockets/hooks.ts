/**
 * The blocking hooks of WinSock 1.1, while a call waits at user level: the application's function is called now and then,
 * and may end the wait. What waits in the kernel is the system's to look after.
 */
import * as os from "../os";
import { Thread } from "../vmmc/bells";

/** So long (ms) a thread with a hook sleeps between two rounds of calls of it. */
export const HOOK_PERIOD_MS: u32 = 10;

/** Lets the application do what it wants while this thread waits, until it says that there is nothing left. Call without locks. */
export function callHook(thread: Thread): void {
  thread.blocking = 1;
  while (thread.hook != 0 && os.callHook(thread.hook) && thread.cancelled == 0) {}
  thread.blocking = 0;
}

/** True, once, when the application has ended this thread's wait. */
export function takeCancelled(thread: Thread): bool {
  const cancelled = thread.cancelled != 0;
  thread.cancelled = 0;
  return cancelled;
}
