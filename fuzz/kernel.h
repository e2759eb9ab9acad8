/* The kernel's sockets on the machine: streams that hold little, an address is a port, and every call may be made to fail.
 * A socket is 4 * (index + 1), as on Windows, so that 0 is none. */

static struct pipe_end *end_of(u64 socket) {
  u64 n = socket / 4 - 1;
  return socket % 4 == 0 && n < SOCKETS && m.sockets[n].used ? &m.sockets[n] : NULL;
}
static bool is_open_here(const struct w2c_os *o, u64 socket) { return end_of(socket) && end_of(socket)->owner == o->number; }
static u64 socket_of(const struct pipe_end *e) { return (u64)(e - m.sockets + 1) * 4; }
static u32 error_of(struct w2c_os *o, s32 error) { return o->error = error, (u32)-1; }
OS u32 w2c_os_WSAGetLastError(struct w2c_os *o) { return (u32)o->error; }
OS void w2c_os_clear_error(struct w2c_os *o) { o->error = 0; }
OS void w2c_os_WSASetLastError(struct w2c_os *o, u32 error) { o->error = (s32)error; }

/** A connect without blocking is under way. */
static bool is_connecting(const struct pipe_end *e) { return m.now_us < e->connected_us; }
static struct pipe_end *make_end(u32 owner) {
  for (u32 n = 0; n < SOCKETS; n++) {
    if (m.sockets[n].used) continue;
    m.sockets[n] = (struct pipe_end){ .used = true, .owner = (u8)owner, .peer = -1 };
    return &m.sockets[n];
  }
  return NULL;
}
/** Ends a connection at `e`: the other end hears of it. */
static void hang_up(struct pipe_end *e, bool reset) {
  struct pipe_end *peer = e->peer < 0 ? NULL : &m.sockets[e->peer];
  e->peer = -1;
  if (!peer) return;
  peer->peer = -1;
  peer->eof = true;
  if (reset) peer->reset = true, peer->filled = 0;
}
static void close_end(struct pipe_end *e) {
  for (u32 n = 0; n < e->queued; n++) hang_up(&m.sockets[e->queue[n]], true), m.sockets[e->queue[n]].used = false;
  hang_up(e, e->filled > 0 || e->abortive);
  e->used = false;
}
/** Everything that a dead process had. */
static void close_all(u32 owner) {
  for (u32 n = 0; n < SOCKETS; n++)
    if (m.sockets[n].used && m.sockets[n].owner == owner) close_end(&m.sockets[n]);
}
static void take_down_network(void) {
  m.network_down = m.faulty = true;
  for (u32 n = 0; n < SOCKETS; n++)
    if (m.sockets[n].used && m.sockets[n].connected) hang_up(&m.sockets[n], true), m.sockets[n].eof = m.sockets[n].reset = true, m.sockets[n].filled = 0;
}

OS u64 w2c_os_socket(struct w2c_os *o, u32 family, u32 type, u32 protocol) {
  struct pipe_end *e = fails() || family != (u32)WS_AF_INET ? NULL : make_end(o->number);
  if (!e) return (u64)(s64)(s32)error_of(o, WS_WSAEMFILE);
  e->stream = type == (u32)WS_SOCK_STREAM;
  return socket_of(e);
}
OS u32 w2c_os_closesocket(struct w2c_os *o, u64 s) {
  struct pipe_end *e = end_of(s);
  if (!e) return error_of(o, WS_WSAENOTSOCK);
  must(e->owner == o->number, "closes another process's socket");
  return close_end(e), 0;
}
/* Names: 2 bytes of family, port, address. */
static void write_name(u64 name, u16 port, u32 address) {
  if (!name) return;
  memset((void *)name, 0, 16);
  AT(u16, name) = (u16)WS_AF_INET, AT(u16, name + 2) = port, AT(u32, name + 4) = address;
}
static bool ours(u32 address) { return address == 0 || (address & 0xff) == 127 || address == 0x0201010a; }
static bool taken(u16 port, u32 address) {
  for (u32 n = 0; n < SOCKETS; n++) {
    const struct pipe_end *e = &m.sockets[n];
    if (e->used && e->bound && e->stream && !e->connected && e->port == port && (!e->address || !address || e->address == address)) return true;
  }
  return false;
}
OS u32 w2c_os_bind(struct w2c_os *o, u64 s, u64 name, u32 length) {
  struct pipe_end *e = end_of(s);
  if (!e || length < 16 || fails()) return error_of(o, e ? WS_WSAEFAULT : WS_WSAENOTSOCK);
  u16 port = AT(u16, name + 2);
  u32 address = AT(u32, name + 4);
  if (e->bound || !ours(address)) return error_of(o, e->bound ? WS_WSAEINVAL : WS_WSAEADDRINUSE);
  if (port && e->stream && taken(port, address)) return error_of(o, WS_WSAEADDRINUSE);
  e->bound = true, e->port = port ? port : m.next_port++, e->address = address;
  return 0;
}
OS u32 w2c_os_listen(struct w2c_os *o, u64 s, u32 backlog) {
  struct pipe_end *e = end_of(s);
  if (!e || !e->stream || !e->bound || e->connected || fails()) return error_of(o, e ? WS_WSAEINVAL : WS_WSAENOTSOCK);
  e->listens = true;
  return 0;
}
static struct pipe_end *find_listening(u32 address, u16 port) {
  for (u32 n = 0; n < SOCKETS; n++) {
    struct pipe_end *e = &m.sockets[n];
    if (e->used && e->listens && e->port == port && (!e->address || e->address == address)) return e;
  }
  return NULL;
}
OS u32 w2c_os_connect(struct w2c_os *o, u64 s, u64 name, u32 length) {
  struct pipe_end *e = end_of(s);
  if (!e || !e->stream || length < 16) return error_of(o, e ? WS_WSAEFAULT : WS_WSAENOTSOCK);
  if (is_connecting(e)) return error_of(o, WS_WSAEALREADY);
  if (e->connected || e->listens) return error_of(o, e->listens ? WS_WSAEINVAL : WS_WSAEISCONN);
  u32 address = AT(u32, name + 4) ? AT(u32, name + 4) : 0x0100007f;
  struct pipe_end *listener = find_listening(address, AT(u16, name + 2));
  struct pipe_end *other = listener && listener->queued < QUEUE && !m.network_down && !fails() ? make_end(listener->owner) : NULL;
  if (!e->bound) e->bound = true, e->port = m.next_port++, e->address = 0x0100007f;
  if (other) {
    other->stream = other->bound = other->connected = e->connected = true;
    other->address = e->peer_address = address, other->port = e->peer_port = listener->port;
    other->peer_address = e->address ? e->address : 0x0100007f, other->peer_port = e->port;
    e->address = other->peer_address;
    other->peer = (int)(e - m.sockets), e->peer = (int)(other - m.sockets);
    other->stream_of = e->stream_of, other->accepted = true;
    listener->queue[listener->queued++] = e->peer;
  }
  e->failed = e->nonblocking && !other;
  if (e->nonblocking) return e->connected_us = m.now_us + CONNECT_US, error_of(o, WS_WSAEWOULDBLOCK);
  return other ? 0 : error_of(o, WS_WSAECONNREFUSED);
}
OS u64 w2c_os_accept(struct w2c_os *o, u64 s, u64 name, u64 length) {
  struct pipe_end *e = end_of(s);
  if (!e || !e->listens || fails()) return (u64)(s64)(s32)error_of(o, e ? WS_WSAEINVAL : WS_WSAENOTSOCK);
  while (e->queued == 0)
    if (e->nonblocking || !wait_a_turn(o, 1000) || !e->used || !e->listens) return (u64)(s64)(s32)error_of(o, e->nonblocking ? WS_WSAEWOULDBLOCK : WS_WSAEINTR);
  struct pipe_end *made = &m.sockets[e->queue[0]];
  memmove(e->queue, e->queue + 1, --e->queued * sizeof *e->queue);
  made->nonblocking = e->nonblocking;
  if (name && length && AT(s32, length) >= 16) write_name(name, made->peer_port, made->peer_address), AT(s32, length) = 16;
  return socket_of(made);
}

static u32 kernel_send(struct w2c_os *o, u64 s, u64 buffer, u32 length) {
  struct pipe_end *e = end_of(s);
  if ((s32)length < 0) return error_of(o, WS_WSAEFAULT);
  check_range(buffer, length);
  if (!e) return error_of(o, WS_WSAENOTSOCK);
  if (!e->connected || is_connecting(e)) return error_of(o, WS_WSAENOTCONN);
  for (;;) {
    if (e->reset || fails()) return e->reset = true, error_of(o, WS_WSAECONNRESET);
    if (e->shut_write) return error_of(o, WS_WSAESHUTDOWN);
    if (e->peer < 0) return e->reset = true, length;
    struct pipe_end *peer = &m.sockets[e->peer];
    u32 room = PIPE_BYTES - peer->filled, bytes = length < room ? length : room;
    if (bytes || !length) {
      memcpy(peer->bytes + peer->filled, (void *)buffer, bytes);
      peer->filled += bytes;
      return bytes;
    }
    if (e->nonblocking || !wait_a_turn(o, 1000) || !e->used) return error_of(o, e->nonblocking ? WS_WSAEWOULDBLOCK : WS_WSAEINTR);
  }
}
OS u32 w2c_os_send(struct w2c_os *o, u64 s, u64 buffer, u32 length, u32 flags) { return kernel_send(o, s, buffer, length); } /* urgent bytes as all others */
OS u32 w2c_os_sendto(struct w2c_os *o, u64 s, u64 buffer, u32 length, u32 flags, u64 name, u32 size) { return kernel_send(o, s, buffer, length); }
static u32 kernel_receive(struct w2c_os *o, u64 s, u64 buffer, u32 length, u32 flags) {
  struct pipe_end *e = end_of(s);
  if (!e) return error_of(o, WS_WSAENOTSOCK);
  if (!e->connected || is_connecting(e)) return error_of(o, WS_WSAENOTCONN);
  for (;;) {
    if (e->reset || fails()) return error_of(o, WS_WSAECONNRESET);
    if (e->shut_read) return error_of(o, WS_WSAESHUTDOWN);
    u32 bytes = length < e->filled ? length : e->filled;
    memcpy((void *)buffer, e->bytes, bytes);
    if (!(flags & (u32)WS_MSG_PEEK)) memmove(e->bytes, e->bytes + bytes, e->filled -= bytes);
    if (bytes || e->eof) return bytes;
    if (e->nonblocking || !wait_a_turn(o, 1000) || !e->used) return error_of(o, e->nonblocking ? WS_WSAEWOULDBLOCK : WS_WSAEINTR);
  }
}
OS u32 w2c_os_recv(struct w2c_os *o, u64 s, u64 buffer, u32 length, u32 flags) { return kernel_receive(o, s, buffer, length, flags); }
OS u32 w2c_os_recvfrom(struct w2c_os *o, u64 s, u64 buffer, u32 length, u32 flags, u64 name, u64 size) { return kernel_receive(o, s, buffer, length, flags); }
OS u32 w2c_os_shutdown(struct w2c_os *o, u64 s, u32 how) {
  struct pipe_end *e = end_of(s);
  if (!e || !e->connected || is_connecting(e) || fails()) return error_of(o, e ? WS_WSAENOTCONN : WS_WSAENOTSOCK);
  if (how > (u32)WS_SD_BOTH) return error_of(o, WS_WSAEINVAL);
  if (how != (u32)WS_SD_SEND) e->shut_read = true;
  if (how != (u32)WS_SD_RECEIVE) e->shut_write = true, e->peer >= 0 ? m.sockets[e->peer].eof = true : false;
  return 0;
}
static u32 name_of(struct w2c_os *o, u64 s, u64 name, u64 length, bool own) {
  struct pipe_end *e = end_of(s);
  if (!e || fails() || (own ? !e->bound : !e->connected || is_connecting(e) || e->reset)) return error_of(o, e ? WS_WSAENOTCONN : WS_WSAENOTSOCK);
  if (AT(s32, length) < 16) return error_of(o, WS_WSAEFAULT);
  write_name(name, own ? e->port : e->peer_port, own ? e->address : e->peer_address);
  return AT(s32, length) = 16, 0;
}
OS u32 w2c_os_getsockname(struct w2c_os *o, u64 s, u64 name, u64 length) { return name_of(o, s, name, length, true); }
OS u32 w2c_os_getpeername(struct w2c_os *o, u64 s, u64 name, u64 length) { return name_of(o, s, name, length, false); }
OS u32 w2c_os_ioctlsocket(struct w2c_os *o, u64 s, u32 command, u64 argument) {
  struct pipe_end *e = end_of(s);
  if (!e || fails()) return error_of(o, WS_WSAENOTSOCK);
  if (command == (u32)WS_FIONREAD) return AT(u32, argument) = e->filled, 0;
  if (command == (u32)WS_FIONBIO) return e->nonblocking = AT(u32, argument) != 0, 0;
  return error_of(o, WS_WSAEINVAL);
}
OS u32 w2c_os_setsockopt(struct w2c_os *o, u64 s, u32 level, u32 option, u64 value, u32 length) {
  struct pipe_end *e = end_of(s);
  if (!e || fails() || length < 4) return error_of(o, e ? WS_WSAEFAULT : WS_WSAENOTSOCK);
  if (level == (u32)WS_SOL_SOCKET && option == (u32)WS_SO_LINGER) e->abortive = (AT(u32, value) & 0xffff) && AT(u32, value) >> 16 == 0;
  return 0;
}
OS u32 w2c_os_getsockopt(struct w2c_os *o, u64 s, u32 level, u32 option, u64 value, u64 length) {
  struct pipe_end *e = end_of(s);
  if (!e || fails() || !length || AT(s32, length) < 4) return error_of(o, e ? WS_WSAEFAULT : WS_WSAENOTSOCK);
  AT(u32, value) = level == (u32)WS_SOL_SOCKET && option == (u32)WS_SO_TYPE ? (u32)WS_SOCK_STREAM : 0;
  return AT(s32, length) = 4, 0;
}

enum looks_for { READS, WRITES, EXCEPTS };
static bool counts(struct pipe_end *e, enum looks_for what) {
  if (is_connecting(e)) return false;
  if (e->failed && what == EXCEPTS) return e->failed = false, true;
  if (what == READS) return e->listens ? e->queued > 0 : e->filled > 0 || e->eof || e->reset || e->shut_read;
  if (what == WRITES) return e->connected && (e->reset || e->peer < 0 || m.sockets[e->peer].filled < PIPE_BYTES);
  return false;
}
/** How many count; leaves only those in the set if `answer`. -1: something in it is no socket. */
static int look_through(u64 set, enum looks_for what, bool answer) {
  u32 count = set ? AT(u32, set) : 0, ready = 0;
  u64 entries = set + WS_fd_set_fd_array_offset;
  for (u32 n = 0; n < count; n++) {
    struct pipe_end *e = end_of(AT(u64, entries + n * 8));
    if (!e) return -1;
    bool before = e->failed, yes = counts(e, what);
    if (!answer) e->failed = before;
    if (yes && answer) AT(u64, entries + ready * 8) = AT(u64, entries + n * 8);
    ready += yes;
  }
  if (set && answer) AT(u32, set) = ready;
  return (int)ready;
}
OS u32 w2c_os_select(struct w2c_os *o, u32 ignored, u64 reads, u64 writes, u64 excepts, u64 time) {
  u64 until = time ? m.now_us + AT(u32, time) * 1000000ull + AT(u32, time + 4) : UINT64_MAX;
  must(o->number == UNWRAPPED || o->questions-- > 0, "a call asks the kernel again and again instead of sleeping");
  if (fails()) return error_of(o, WS_WSAENETDOWN);
  if (!(reads && AT(u32, reads)) && !(writes && AT(u32, writes)) && !(excepts && AT(u32, excepts))) return error_of(o, WS_WSAEINVAL);
  for (;;) {
    int r = look_through(reads, READS, false), w = look_through(writes, WRITES, false), x = look_through(excepts, EXCEPTS, false);
    if (r < 0 || w < 0 || x < 0) return error_of(o, WS_WSAENOTSOCK);
    if (r + w + x == 0 && m.now_us < until) {
      if (m.network_down) return error_of(o, WS_WSAENETDOWN); /* nothing will ever happen again */
      wait_a_turn(o, until - m.now_us < 50000 ? until - m.now_us : 50000);
      continue;
    }
    return (u32)(look_through(reads, READS, true) + look_through(writes, WRITES, true) + look_through(excepts, EXCEPTS, true));
  }
}
OS u32 w2c_os_WSAAsyncSelect(struct w2c_os *o, u64 s, u64 window, u32 message, u32 events) { return end_of(s) ? 0 : error_of(o, WS_WSAENOTSOCK); }
OS u32 w2c_os_WSARecvEx(struct w2c_os *o, u64 s, u64 buffer, u32 length, u64 flags) { return kernel_receive(o, s, buffer, length, flags ? AT(u32, flags) : 0); }
OS u64 w2c_os_WSASetBlockingHook(struct w2c_os *o, u64 hook) { return 0; }
OS u32 w2c_os_WSAUnhookBlockingHook(struct w2c_os *o) { return 0; }
OS u32 w2c_os_WSAIsBlocking(struct w2c_os *o) { return 0; }
OS u32 w2c_os_WSACleanup(struct w2c_os *o) { return 0; }
OS u32 w2c_os_WSACancelBlockingCall(struct w2c_os *o) { return 0; }
OS u32 w2c_os_AcceptEx(struct w2c_os *o, u64 a, u64 b, u64 c, u32 d, u32 e, u32 f, u64 g, u64 h) { return error_of(o, WS_WSAEOPNOTSUPP), 0; }
OS void w2c_os_GetAcceptExSockaddrs(struct w2c_os *o, u64 a, u32 b, u32 c, u32 d, u64 e, u64 f, u64 g, u64 h) {}
OS u32 w2c_os_ReadFile(struct w2c_os *o, u64 a, u64 b, u32 c, u64 d, u64 e) { return 0; }
OS u32 w2c_os_SetFilePointer(struct w2c_os *o, u64 a, u32 b, u64 c, u32 d) { return 0; }
OS u32 w2c_os_ResetEvent(struct w2c_os *o, u64 a) { return 0; }
OS u32 w2c_os_WriteFile(struct w2c_os *o, u64 a, u64 b, u32 c, u64 d, u64 e) { return 0; }
OS u32 w2c_os_CloseHandle(struct w2c_os *o, u64 a) { return 0; }
OS u32 w2c_os_DuplicateHandle(struct w2c_os *o, u64 a, u64 b, u64 c, u64 d, u32 e, u32 f, u32 g) { return 0; }
OS u32 w2c_os_CreateProcessA(struct w2c_os *o, u64 a, u64 b, u64 c, u64 d, u32 e, u32 f, u64 g, u64 h, u64 i, u64 j) { return 0; }
OS u32 w2c_os_CreateProcessW(struct w2c_os *o, u64 a, u64 b, u64 c, u64 d, u32 e, u32 f, u64 g, u64 h, u64 i, u64 j) { return 0; }
OS u32 w2c_os_GetHandleInformation(struct w2c_os *o, u64 a, u64 b) { return 0; }
OS u32 w2c_os_GetProcessId(struct w2c_os *o, u64 a) { return 0; }
OS u64 w2c_os_CreateIoCompletionPort(struct w2c_os *o, u64 a, u64 b, u64 c, u32 d) { return 0; }
OS u32 w2c_os_PostQueuedCompletionStatus(struct w2c_os *o, u64 a, u32 b, u64 c, u64 d) { return 0; }
OS u32 w2c_os_K32EnumProcessModules(struct w2c_os *o, u64 a, u64 b, u32 c, u64 d) { return 0; }
OS u64 w2c_os_GetModuleHandleA(struct w2c_os *o, u64 a) { return 0; }
OS u32 w2c_os_GetModuleHandleExA(struct w2c_os *o, u32 a, u64 b, u64 c) { return 0; }
OS u32 w2c_os_GetModuleFileNameA(struct w2c_os *o, u64 a, u64 b, u32 c) { return 0; }
OS u32 w2c_os_GetWindowsDirectoryA(struct w2c_os *o, u64 a, u32 b) { return 0; }
OS u64 w2c_os_GetProcAddress(struct w2c_os *o, u64 a, u64 b) { return 0; }
OS u32 w2c_os_VirtualProtect(struct w2c_os *o, u64 a, u64 b, u32 c, u64 d) { return 0; }
OS u32 w2c_os_TransmitFile(struct w2c_os *o, u64 a, u64 b, u32 c, u32 d, u64 e, u64 f, u32 g) { return error_of(o, WS_WSAEOPNOTSUPP), 0; }
