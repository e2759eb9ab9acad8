/** Entry points of the calls about blocking hooks: the system keeps them as well, for the calls that wait in the kernel. */
import * as ws from "../generated/winsock";
import * as os from "../os";
import { Thread, currentThread } from "../vmmc/bells";

/** True while this thread's hook is called from a wait at user level. */
function isInHook(): bool {
  const known = os.thread();
  return known != 0 && changetype<Thread>(known).blocking != 0;
}

export function WSASetBlockingHook(hook: usize): usize {
  const thread = currentThread();
  if (changetype<usize>(thread) != 0) thread.hook = hook;
  return ws.WSASetBlockingHook(hook);
}

export function WSAUnhookBlockingHook(): i32 {
  const known = os.thread();
  if (known != 0) changetype<Thread>(known).hook = 0;
  return ws.WSAUnhookBlockingHook();
}

export function WSAIsBlocking(): i32 {
  return isInHook() ? 1 : ws.WSAIsBlocking();
}

/** The wait ends with WSAEINTR when the hook returns. */
export function WSACancelBlockingCall(): i32 {
  if (!isInHook()) return ws.WSACancelBlockingCall();
  changetype<Thread>(os.thread()).cancelled = 1;
  return 0;
}
