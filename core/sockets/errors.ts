/** How a call ends in an error. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";

/** Sets the thread's last error and returns SOCKET_ERROR. */
export function fail(error: i32): i32 {
  ws.WSASetLastError(error);
  return ws.SOCKET_ERROR;
}

/** What a call returns that may have gone well: then the thread's last error is none, as after the kernel's calls. */
// @ts-ignore: decorator
@inline
export function well(result: i32): i32 {
  if (result >= 0) os.clearError();
  return result;
}

/** As `fail`, for what the kernel could do and a user-level connection cannot (yet): said in the log. */
export function refuse(error: i32): i32 {
  if (os.logging()) os.logEvent(layout.EVENT_REFUSED_CALL, error, layout.REASON_NONE);
  return fail(error);
}
