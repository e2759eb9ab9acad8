/* The programs on the machine: the calls that they make, and what they check of the bytes that they get. */

static w2c_core cores[PROCESSES];
enum { NUMBERS = 8, CONNECTIONS = 64, MOST_BYTES = 100000 };
/** The sockets of each program by their numbers; 0: none. */
static u64 held[PROCESSES + 1][NUMBERS];
/** One direction of a connection. Of one with `urgent` bytes, which may be read apart or be dropped, the order is not checked. */
struct stream { u64 sent, offered, received; bool ended, urgent; };
static struct stream streams[CONNECTIONS][2];
static u32 connections;

static u8 pattern(u32 connection, u32 side, u64 at) { return (u8)(at * 37 + (at >> 8) + connection * 101 + side * 53); }
/** True when the bytes of the connection must be right: nobody attacked what carries them. The first one is left alone by attacks on segments. */
static bool is_sound(u32 connection) {
  bool attacked = m.directory_attacked;
  for (u32 n = 0; n < FILES && (connection != 0 || first_attacked == 0); n++) attacked = attacked || m.files[n].attacked;
  return !attacked;
}
/** Which stream the program at `e` writes (or reads); NULL: none that is watched. */
static struct stream *stream_at(const struct pipe_end *e, bool writes, u32 *connection, u32 *side) {
  if (!e || e->stream_of == 0 || e->stream_of > CONNECTIONS) return NULL;
  *connection = e->stream_of - 1;
  *side = e->accepted == writes ? 1 : 0;
  return &streams[*connection][*side];
}

static u32 length_of(u32 value) {
  u32 bits = value & 31;
  return bits > 23 ? MOST_BYTES : bits > 17 ? value >> 5 & 63 : (value >> 5) % (1u << bits);
}
static s32 app_send(w2c_core *core, u64 s, u32 length, u32 how) {
  static u8 bytes[MOST_BYTES + 1];
  u32 connection = 0, side = 0, flags = how & 64 ? how & 7 : 0;
  struct stream *stream = stream_at(end_of(s), true, &connection, &side);
  if (length > MOST_BYTES) length = MOST_BYTES;
  for (u32 n = 0; n < length; n++) bytes[n] = pattern(connection, side, (stream ? stream->sent : 0) + n);
  if (stream) stream->offered = stream->sent + length, stream->urgent |= flags & (u32)WS_MSG_OOB;
  /* Copied, so that reading beyond its end is seen. */
  u8 *buffer = malloc(length);
  memcpy(buffer, bytes, length);
  s32 n = (s32)(how & 128 ? w2c_core_sendto(core, s, (uptr)buffer, how == 255 ? 0x80000001 : length, flags, 0, 0) : w2c_core_send(core, s, (uptr)buffer, length, flags));
  free(buffer);
  must(n <= (s32)length, "send says that it sent more than it was given");
  if (stream && n > 0) stream->sent += (u32)n;
  return n;
}
static s32 app_receive(w2c_core *core, u64 s, u32 length, u32 how, u32 call) {
  u32 connection = 0, side = 0, flags = how & 64 ? how & 7 : how & 32 ? (u32)WS_MSG_PEEK : 0;
  struct stream *stream = stream_at(end_of(s), false, &connection, &side);
  if (length > MOST_BYTES) length = MOST_BYTES;
  u8 *buffer = malloc(length);
  s32 extra = (s32)flags, n;
  if (call % 8 == 0) n = (s32)w2c_core_WSARecvEx(core, s, (uptr)buffer, length, (uptr)&extra);
  else if (call % 8 == 1) n = (s32)w2c_core_recvfrom(core, s, (uptr)buffer, length, flags, 0, 0);
  else n = (s32)w2c_core_recv(core, s, (uptr)buffer, length, flags);
  must(n <= (s32)length, "recv says that it received more than there was room for");
  if (stream && !stream->urgent && is_sound(connection)) {
    for (s32 i = 0; i < n; i++) must(buffer[i] == pattern(connection, side, stream->received + (u32)i), "bytes arrived changed, twice or in another order");
    must(n <= 0 || stream->received + (u32)n <= stream->offered, "bytes arrived that nobody sent");
    /* Of urgent bytes there may be no more while others are unread. */
    bool at_end = n == 0 && length != 0 && !m.faulty && !(flags & (u32)WS_MSG_OOB);
    if (at_end) must(stream->ended, "a stream ended that nobody has ended");
    if (at_end) must(stream->received == stream->sent, "a stream ended before its last byte");
  }
  if (stream && n > 0 && !(flags & (u32)WS_MSG_PEEK)) stream->received += (u32)n;
  free(buffer);
  return n;
}
/** The program ends what it writes. */
static void note_end(u64 s, bool closes) {
  u32 connection, side;
  struct pipe_end *e = end_of(s);
  struct stream *stream = stream_at(e, true, &connection, &side);
  if (stream) stream->ended = true;
  /* What the other side still had to read may be gone with a reset. */
  if (stream && closes) {
    const struct stream *back = &streams[connection][1 - side];
    if (back->received != back->offered || e->abortive) m.faulty = true;
  }
}

struct set { u32 count, unused; u64 sockets[NUMBERS]; };
static s32 app_select(w2c_core *core, u32 p, u32 reads, u32 writes, u32 excepts, u32 ms) {
  struct set sets[3] = { 0 };
  u32 masks[3] = { reads, writes, excepts }, given[3], most = 0;
  for (u32 k = 0; k < 3; k++) {
    for (u32 n = 0; n < NUMBERS; n++)
      if (masks[k] >> n & 1 && held[p][n]) sets[k].sockets[sets[k].count++] = held[p][n];
    most += given[k] = sets[k].count;
  }
  if (most == 0) return 0;
  u32 time[2] = { ms / 1000, ms % 1000 * 1000 };
  /* Sets of exactly the size that they need, so that writing beyond one is seen. */
  u8 *memory[3];
  for (u32 k = 0; k < 3; k++) memcpy(memory[k] = malloc(8 + given[k] * 8), &sets[k], 8 + given[k] * 8);
  /* Who waits for an urgent byte alone, and without limit, may wait for ever. */
  bool limited = ms != 0xffff || given[0] + given[1] == 0;
  s32 n = (s32)w2c_core_select(core, 0, (uptr)memory[0], (uptr)memory[1], given[2] ? (uptr)memory[2] : 0, limited ? (uptr)time : 0);
  u32 left = 0;
  for (u32 k = 0; k < 3; k++) {
    u32 count = AT(u32, memory[k]);
    must(n < 0 || count <= given[k], "select has made a set larger");
    for (u32 i = 0; n >= 0 && i < count; i++) {
      bool asked = false;
      for (u32 j = 0; j < given[k]; j++) asked = asked || sets[k].sockets[j] == AT(u64, memory[k] + 8 + i * 8);
      must(asked, "select has put a socket into a set that was not in it");
    }
    left += count;
    free(memory[k]);
  }
  must(n < 0 || (u32)n == left, "select returns another number than it leaves");
  return n;
}

struct name { u16 family, port; u32 address; u8 zero[8]; };
static struct name name_from(u32 what, u32 how) {
  static const u32 addresses[] = { 0x0100007f, 0x0100007f, 0, 0x0200007f, 0x0201010a, 0x0808080a };
  return (struct name){ (u16)(how == 255 ? 23 : WS_AF_INET), (u16)(what & 128 ? 0 : 1000 + what % 4), addresses[how % 6], { 0 } };
}
static void note_connect(u64 s) {
  struct pipe_end *e = end_of(s);
  if (e && e->stream && !e->connected && !e->failed && e->stream_of == 0 && connections < CONNECTIONS) e->stream_of = ++connections;
}
static s32 app_option(w2c_core *core, u64 s, bool sets, u32 how, u32 value) {
  const s32 options[] = { WS_SO_LINGER, WS_SO_RCVTIMEO, WS_SO_SNDTIMEO, WS_SO_DONTLINGER, WS_SO_RCVBUF, WS_SO_SNDBUF, WS_SO_ERROR, WS_SO_TYPE };
  bool tcp = how % 10 == 9;
  s32 level = tcp ? WS_IPPROTO_TCP : WS_SOL_SOCKET, option = tcp ? WS_TCP_NODELAY : options[how % 8], length = how & 64 ? (s32)(value & 7) : 4;
  u8 *memory = calloc(1, length ? (size_t)length : 1);
  memcpy(memory, &value, (size_t)(length < 4 ? length : 4));
  s32 n = sets ? (s32)w2c_core_setsockopt(core, s, (u32)level, (u32)option, (uptr)memory, (u32)length) : (s32)w2c_core_getsockopt(core, s, (u32)level, (u32)option, (uptr)memory, (uptr)&length);
  free(memory);
  return n;
}
