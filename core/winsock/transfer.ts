/** Entry points of the calls that move bytes or wait for them. */
import * as ws from "../generated/winsock";
import { generationOf } from "../sockets/descriptor";
import { well } from "../sockets/errors";
import { anyUserLevel, selectMixed } from "../sockets/select";
import { transmit } from "../sockets/transmit";
import { receive } from "../sockets/receive";
import { userLevel } from "../sockets/table";
import { askKernelNext } from "../vmmc/bells";

export function send(socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) {
    askKernelNext();
    return ws.send(socket, buffer, length, flags);
  }
  return well(transmit<u8>(d, socket, generationOf(d), buffer, length, flags));
}

/** The address means nothing on a stream that is connected. */
export function sendto(socket: usize, buffer: usize, length: i32, flags: i32, name: usize, nameLength: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) {
    askKernelNext();
    return ws.sendto(socket, buffer, length, flags, name, nameLength);
  }
  return well(transmit<u8>(d, socket, generationOf(d), buffer, length, flags));
}

export function recv(socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) return ws.recv(socket, buffer, length, flags);
  return well(receive<u8>(d, socket, generationOf(d), buffer, length, flags));
}

export function recvfrom(socket: usize, buffer: usize, length: i32, flags: i32, name: usize, nameLength: usize): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) return ws.recvfrom(socket, buffer, length, flags, name, nameLength);
  return well(receive<u8>(d, socket, generationOf(d), buffer, length, flags));
}

/** A stream has no message boundaries: never a partial message. */
export function WSARecvEx(socket: usize, buffer: usize, length: i32, flags: usize): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0 || flags == 0) return ws.WSARecvEx(socket, buffer, length, flags);
  const result = receive<u8>(d, socket, generationOf(d), buffer, length, load<i32>(flags) & ~ws.MSG_PARTIAL);
  if (result >= 0) store<i32>(flags, 0);
  return well(result);
}

export function select(ignored: i32, reads: usize, writes: usize, excepts: usize, time: usize): i32 {
  if (anyUserLevel(reads) || anyUserLevel(writes) || anyUserLevel(excepts)) {
    return well(selectMixed(reads, writes, excepts, time));
  }
  return ws.select(ignored, reads, writes, excepts, time);
}
