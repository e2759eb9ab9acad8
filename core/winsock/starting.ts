/** Entry point of the call after which WinSock knows no sockets any more. */
import * as ws from "../generated/winsock";
import { endDescriptor } from "../sockets/closing";
import { KIND_UNUSED, kindOf } from "../sockets/descriptor";
import { TABLE_ENTRIES, entryAt, nextEntry } from "../sockets/table";

export function WSACleanup(): i32 {
  const result = ws.WSACleanup();
  if (result == 0 && wasLast()) endAll();
  return result;
}

/** Other modules may have started WinSock too, and not through us: only the system knows. */
function wasLast(): bool {
  const made = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
  if (made == ws.INVALID_SOCKET) return ws.WSAGetLastError() == ws.WSANOTINITIALISED;
  ws.closesocket(made);
  return false;
}

/** The system has closed all sockets: their handles may be files' tomorrow. */
function endAll(): void {
  for (let place = nextEntry(0); place < TABLE_ENTRIES; place = nextEntry(place + 1)) {
    const d = entryAt(place);
    if (kindOf(d) != KIND_UNUSED) endDescriptor(d, d.handle);
  }
}
