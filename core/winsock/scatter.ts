/**
 * Entry points for scatter/gather: what `WSASend` and `WSARecv` are built on, once a wrapper of `ws2_32.dll` offers them. Pieces
 * are `WSABUF`s. The kernel is given them one by one: on what it carries, another thread's bytes may come between two pieces, a
 * receive fills one of them, and a datagram would come in pieces.
 */
import { generationOf } from "../sockets/descriptor";
import { fail } from "../sockets/errors";
import { userLevel } from "../sockets/table";
import { Piece, receiveThere, sendThere, totalOf } from "../sockets/pieces";
import { receive } from "../sockets/receive";
import { transmit } from "../sockets/transmit";

/** Sends the bytes of `count` pieces, as `send` does bytes that lie together. @returns how many were sent, or SOCKET_ERROR */
export function sendPieces(socket: usize, pieces: usize, count: i32, flags: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) != 0) return transmit<Piece>(d, socket, generationOf(d), pieces, count, flags);
  const length = totalOf<Piece>(pieces, count);
  return length < 0 ? fail(-length) : sendThere<Piece>(socket, pieces, count, 0, length, flags);
}

/** Receives into `count` pieces, one after the other, as `recv` does into one. @returns how many bytes came, or SOCKET_ERROR */
export function receivePieces(socket: usize, pieces: usize, count: i32, flags: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) != 0) return receive<Piece>(d, socket, generationOf(d), pieces, count, flags);
  const length = totalOf<Piece>(pieces, count);
  return length < 0 ? fail(-length) : receiveThere<Piece>(socket, pieces, count, flags);
}
