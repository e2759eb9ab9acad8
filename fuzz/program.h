/* Carrying out an input, from an empty machine to one on which everything is closed again. */

/* --- Processes come and go --- */
/** Before a call: so much it may wait, and ask. */
static void give_time(struct w2c_os *o) { o->patience = m.network_down ? 2000 : 40, o->last_chance = m.network_down, o->questions = 3000; }
static void start_process(u32 p, u32 what) {
  static const u32 spins[] = { 0, 0, 3, 20 }, rings[] = { 8192, 16384, 32768, 65536 };
  struct w2c_os *o = &m.process[p];
  if (o->runs) return;
  /* Numbers of processes are used again; with the start they are not. */
  *o = (struct w2c_os){ .number = p, .tag = 400 + 40 * p, .start = 1000 + m.starts++, .spin_us = spins[what & 3], .ring_bytes = rings[what >> 2 & 3], .disabled = what == 255 };
  cores[p] = (w2c_core){ .w2c_os_instance = o };
  o->runs = true, o->depth = 1;
  give_time(o);
  bool started = w2c_core_start(&cores[p]);
  o->depth = 0;
  if (started) return;
  o->runs = false;
  while (o->blocks) free(o->block[--o->blocks]);
}
static void kill_process(u32 p) {
  struct w2c_os *o = &m.process[p];
  if (!o->runs) return;
  o->runs = false;
  for (u32 n = 0; n < HANDLES; n++) {
    struct handle *h = &o->handles[n];
    if (h->kind != SEGMENT) continue;
    m.files[h->process].view[h->index] = false;
    hide(&m.files[h->process], h->index);
  }
  close_all(p);
  while (o->blocks) free(o->block[--o->blocks]);
  memset(held[p], 0, sizeof held[p]);
}
static void exit_process(u32 p) {
  if (!m.process[p].runs) return;
  w2c_core_processEnds(&cores[p]);
  kill_process(p);
}
/** The caretaker, and before it the messenger if there is to be one, works for so many rounds, or until it sleeps for good. True: it sleeps. */
static bool care(u32 p, u32 rounds) {
  struct w2c_os *o = &m.process[p];
  bool sleeps = false;
  u32 thread = o->thread;
  o->thread = CARETAKER;
  /* The thread may begin as the messenger, which sleeps when it has looked at everything: then there is another one. */
  do {
    o->caretaker_rounds = rounds + 1;
    if (setjmp(o->caretaker_out) == 0) w2c_core_caretaker(&cores[p]);
    else sleeps = o->caretaker_rounds != 0;
  } while (o->caretaker_rounds == rounds + 1);
  o->caretaker_rounds = 0;
  o->thread = thread;
  return sleeps;
}

/* --- Steps --- */
static void outsider(const struct step *s, u64 *own) {
  struct w2c_os *o = &m.process[UNWRAPPED];
  struct name name = name_from(s->what, 0);
  u8 bytes[64] = { 0 };
  switch (s->how % 8) {
    case 0: case 1:
      if (*own || (*own = w2c_os_socket(o, (u32)WS_AF_INET, (u32)WS_SOCK_STREAM, 0)) > SOCKETS * 4) { *own = *own > SOCKETS * 4 ? 0 : *own; return; }
      end_of(*own)->nonblocking = true; /* whatever fails: it is not for it to wait */
      if (s->how % 8 == 1) w2c_os_bind(o, *own, (uptr)&name, 16), w2c_os_listen(o, *own, 5);
      else w2c_os_connect(o, *own, (uptr)&name, 16);
      return;
    case 2: {
      u64 made = w2c_os_accept(o, *own, 0, 0);
      if (made <= SOCKETS * 4) w2c_os_closesocket(o, *own), *own = made;
      return;
    }
    case 3: w2c_os_closesocket(o, *own), *own = 0; return;
    case 4: w2c_os_recv(o, *own, (uptr)bytes, sizeof bytes, 0); return;
    default: m.faulty = true; w2c_os_send(o, *own, (uptr)bytes, s->value % sizeof bytes, 0); return;
  }
}
/** A number that has no socket gets this one; else it is closed again. */
static void hold(u32 p, u32 number, u64 s) {
  if (s == 0 || s > SOCKETS * 4) return;
  if (held[p][number] == 0) held[p][number] = s;
  else note_end(s, true), w2c_core_closesocket(&cores[p], s);
}
static u64 make_socket(u32 p, bool blocking, bool datagrams) {
  u32 on = 1;
  u64 s = w2c_core_socket(&cores[p], (u32)WS_AF_INET, (u32)(datagrams ? WS_SOCK_DGRAM : WS_SOCK_STREAM), 0);
  if (s <= SOCKETS * 4 && !blocking) w2c_core_ioctlsocket(&cores[p], s, WS_FIONBIO, (uptr)&on);
  return s;
}
/** A connection from process `p` to the other one (or to itself), as short as it can be. Not accepted yet: `to` is the listener's number. */
static void pair(u32 p, u32 q, u32 from, u32 to, bool blocking, bool accepted) {
  struct name name = name_from(3, 0);
  if (!m.process[q].runs || held[p][from] || held[q][to]) return;
  m.process[q].depth++, give_time(&m.process[q]);
  u64 listener = make_socket(q, false, false), s;
  if (listener <= SOCKETS * 4 && w2c_core_bind(&cores[q], listener, (uptr)&name, 16) == 0 && w2c_core_listen(&cores[q], listener, 5) == 0) {
    hold(p, from, s = make_socket(p, blocking, false));
    note_connect(s);
    w2c_core_connect(&cores[p], s, (uptr)&name, 16);
    hold(q, to, accepted ? w2c_core_accept(&cores[q], listener, 0, 0) : listener);
    if (!accepted) listener = ~0ull;
  }
  if (listener <= SOCKETS * 4) w2c_core_closesocket(&cores[q], listener);
  m.process[q].depth--;
}
static s64 call(const struct step *s, u32 p) {
  w2c_core *core = &cores[p];
  u32 number = s->who >> 4 & 7, command = (u32)(s->how % 3 == 0 ? WS_FIONREAD : s->how % 3 == 1 ? (s32)WS_FIONBIO : WS_SIOCATMARK), value = s->value & 1;
  u64 *own = &held[p][number];
  struct name name = name_from(s->what, s->how), peer;
  s32 size = sizeof peer;
  s64 result;
  switch ((enum step_kind)s->kind) {
    case S_SOCKET: return hold(p, number, make_socket(p, s->how & 1, (s->how >> 1 & 3) == 3)), 0;
    case S_BIND: return (s32)w2c_core_bind(core, *own, (uptr)&name, sizeof name);
    case S_LISTEN: return (s32)w2c_core_listen(core, *own, 5);
    case S_CONNECT: return note_connect(*own), (s32)w2c_core_connect(core, *own, (uptr)&name, sizeof name);
    case S_ACCEPT: return result = (s64)w2c_core_accept(core, *own, s->how & 1 ? (uptr)&peer : 0, s->how & 1 ? (uptr)&size : 0), hold(p, s->what & 7, (u64)result), result;
    case S_SEND: return app_send(core, *own, length_of(s->value), s->how);
    case S_RECEIVE: return app_receive(core, *own, length_of(s->value), s->how, s->what);
    case S_SELECT: return app_select(core, p, s->what, s->how, s->value >> 16 & 0xff, s->value & 0xffff);
    case S_SHUTDOWN: return s->how % 4 == 1 || s->how % 4 == 2 ? note_end(*own, s->how % 4 == 2) : (void)0, (s32)w2c_core_shutdown(core, *own, s->how % 4);
    case S_CLOSE: return note_end(*own, true), result = (s32)w2c_core_closesocket(core, *own), *own = 0, result;
    case S_IOCTL: return (s32)w2c_core_ioctlsocket(core, *own, command, (uptr)&value);
    case S_SETOPTION: return app_option(core, *own, true, s->how, s->value);
    case S_GETOPTION: return app_option(core, *own, false, s->how, s->value);
    case S_EXOTIC:
      if (s->how % 3 == 0) return (s32)w2c_core_WSAAsyncSelect(core, *own, WINDOW, MESSAGE, s->what & 63);
      m.faulty = true;
      if (s->how % 3 == 1) return (s32)w2c_core_TransmitFile(core, *own, 0, 0, 0, 0, 0, 0);
      return (s32)w2c_core_AcceptEx(core, *own, held[p][s->what & 7], 0, 0, 0, 0, 0, 0);
    case S_THREAD_END: return w2c_core_threadEnds(core, m.process[p].records[s->who >> 2 & 1]), m.process[p].records[s->who >> 2 & 1] = 0, 0;
    case S_CARE: return m.process[p].has_caretaker ? care(p, s->value % 64) : 0;
    case S_PAIR: return pair(p, s->how & 2 ? p : 1 - p, number, s->what & 7, s->how & 1, !(s->how & 4)), 0;
    default: return 0;
  }
}
static u32 process_of(const struct step *s) { return s->who & 1; }
static bool in_process(const struct step *s) { return (s->kind <= S_THREAD_END && s->kind != S_TIME) || s->kind == S_PAIR; }

static void perform(const struct step *s) {
  static u64 outsiders[4];
  if (program.at == sizeof *s) memset(outsiders, 0, sizeof outsiders);
  u32 p = process_of(s);
  struct w2c_os *o = &m.process[p];
  m.now_us += 10;
  if (explaining) fprintf(stderr, "%*s%s process %u socket %u what %u how %u value %u\n", 2 * (int)program.nested, "", step_names[s->kind], p, s->who >> 4 & 7, s->what, s->how, s->value);
  switch ((enum step_kind)s->kind) {
    case S_START: start_process(p, s->what); return;
    case S_KILL: m.faulty = true; kill_process(p); return;
    case S_EXIT: m.faulty = true; exit_process(p); return;
    case S_TIME: m.now_us += s->value % 10000 * 1000ull; return;
    case S_FAIL: m.fail_in = s->value % 64 + 1; return;
    case S_ATTACK: case S_LIE: attack(s); return;
    case S_FORGE_FILE: forge_file(s); return;
    case S_FORGE_OFFER: forge_offer(s); return;
    case S_OUTSIDER: outsider(s, &outsiders[s->who & 3]); return;
    case S_TRAP: {
      struct step next;
      if (program.at + sizeof next > program.length || trap_count == COUNT(traps)) return;
      memcpy(&next, program.bytes + program.at, sizeof next);
      program.at += sizeof next;
      traps[trap_count++] = (struct trap){ s->value % 256 + 1, next };
      return;
    }
    default: break;
  }
  if (!o->runs) return;
  o->thread = s->who >> 2 & 1;
  give_time(o);
  o->depth++;
  s64 result = call(s, p);
  o->depth--;
  if (explaining) fprintf(stderr, "%*s= %lld (error %d)\n", 2 * (int)program.nested + 2, "", (long long)result, o->error);
}
/** Carries out the next step, unless it is for a process that is in the middle of a call. */
static bool next_step(void) {
  struct step s;
  if (program.at + sizeof s > program.length) return false;
  memcpy(&s, program.bytes + program.at, sizeof s);
  s.kind %= STEP_KINDS;
  if (program.nested > 0 && in_process(&s) && m.process[process_of(&s)].depth > 0) return false;
  if (program.nested > 0 && s.kind == S_PAIR) return false;
  program.at += sizeof s;
  perform(&s);
  return true;
}
static bool wait_a_turn(struct w2c_os *o, u64 us) {
  m.now_us += us;
  if (program.nested < 2) program.nested++, next_step(), program.nested--;
  if (us <= 1) return true; /* it only lets others run */
  if (o->patience > 0) return o->patience--, true;
  must(!o->last_chance, "a call does not return, though the network is down and everybody else is dead");
  if (explaining && !m.network_down) fprintf(stderr, "    the network goes down, and everybody else dies\n");
  if (!m.network_down) take_down_network();
  o->last_chance = true;
  o->patience = 2000;
  return false;
}

/* --- From beginning to end --- */
static void prepare_target(void);
static void close_everything(void) {
  program.at = program.length;
  m.fail_in = trap_count = 0;
  for (u32 p = 0; p < PROCESSES; p++) {
    struct w2c_os *o = &m.process[p];
    o->thread = 0;
    for (u32 n = 0; o->runs && n < NUMBERS; n++)
      if (held[p][n]) give_time(o), w2c_core_closesocket(&cores[p], held[p][n]);
  }
  for (u32 p = 0; p < PROCESSES; p++) {
    struct w2c_os *o = &m.process[p];
    if (!o->runs) continue;
    give_time(o);
    must(care(p, 400) || m.faulty, "the caretaker finds no rest though nothing is open");
    if (explaining) for (u32 n = 0; n < HANDLES; n++) if (o->handles[n].kind == SEGMENT) fprintf(stderr, "    process %u still has file %u\n", p, o->handles[n].process);
    for (u32 n = 0; n < HANDLES; n++) must(o->handles[n].kind != SEGMENT || m.directory_attacked, "a segment stays mapped though nothing is open");
  }
  bool orderly = !m.faulty && !m.directory_attacked;
  for (u32 n = 0; orderly && n < FILES; n++) must(!m.files[n].named || m.files[n].attacked, "a segment's file is left though nothing is open");
  for (u32 at = VMMC_LISTENERS_OFFSET; orderly && at < VMMC_DIRECTORY_BYTES; at += VMMC_SLOT_BYTES)
    must(AT(u32, attackers_directory + at) == VMMC_SLOT_FREE, "a slot of the directory is left though nothing is open");
  for (u32 p = 0; p < PROCESSES; p++) exit_process(p);
}
static void run_input(const u8 *bytes, size_t length) {
  if (!views) map_machine();
  for (u32 p = 0; p < PROCESSES; p++) m.process[p].runs = false;
  memset(&m, 0, sizeof m);
  memset(held, 0, sizeof held);
  memset(streams, 0, sizeof streams);
  memset(attackers_directory, 0, VMMC_DIRECTORY_BYTES);
  connections = trap_count = first_attacked = 0;
  m.now_us = 1000000, m.random = 0x1000000010, m.next_port = 30000;
  m.process[UNWRAPPED].number = UNWRAPPED;
  __asan_poison_memory_region(views, FILES * VIEWS * STRIDE);
  program.bytes = bytes, program.length = length, program.at = 0, program.nested = 0;
  prepare_target();
  while (!m.network_down && next_step()) {}
  close_everything();
}
