/* core/os.ts on the machine, apart from sockets. A handle is an index + 1; a wrong one is a finding. */

static uptr open_handle(struct w2c_os *o, enum handle_kind kind, u32 process, u32 index) {
  for (u32 n = 0; n < HANDLES; n++) {
    if (o->handles[n].kind != CLOSED) continue;
    o->handles[n] = (struct handle){ kind, process, index };
    o->handle_count++;
    return n + 1;
  }
  return 0;
}
static struct handle *handle_of(struct w2c_os *o, uptr handle, enum handle_kind kind) {
  must(handle > 0 && handle <= HANDLES, "uses a handle that never was");
  struct handle *h = &o->handles[handle - 1];
  must(h->kind == kind, "uses a handle that is closed or of another kind");
  return h;
}
static void close_handle(struct w2c_os *o, struct handle *h) {
  h->kind = CLOSED;
  o->handle_count--;
}

/* --- Threads and time --- */
OS uptr w2c_os_thread(struct w2c_os *o) { return o->records[o->thread]; }
OS u32 w2c_os_set_thread(struct w2c_os *o, uptr record) {
  if (fails()) return 0;
  o->records[o->thread] = record;
  return 1;
}
OS u64 w2c_os_now_us(struct w2c_os *o) { return ++m.now_us; }
OS void w2c_os_yield(struct w2c_os *o) { wait_a_turn(o, 1); }
/* True when it is the caretaker that rests between two rounds; after the last one it does not come back. */
static bool is_round(struct w2c_os *o, u32 ms) {
  if (o->caretaker_rounds == 0 || ms != VMMC_CARETAKER_PERIOD_MS) return false;
  if (--o->caretaker_rounds == 0) longjmp(o->caretaker_out, 1);
  m.now_us += ms * 1000ull;
  return true;
}
OS void w2c_os_sleep_ms(struct w2c_os *o, u32 ms) {
  if (!is_round(o, ms)) wait_a_turn(o, ms * 1000ull);
}
OS u64 w2c_os_random(struct w2c_os *o) { return m.random += 0x100000001; }
OS uptr w2c_os_socket_index(struct w2c_os *o, uptr socket) { return socket / 4; }

/* --- Processes --- */
static struct w2c_os *find_process(u32 tag, u64 start) {
  if (m.network_down) return NULL;
  for (u32 n = 0; n < PROCESSES; n++)
    if (m.process[n].runs && m.process[n].tag == tag && m.process[n].start == start) return &m.process[n];
  return NULL;
}
OS u32 w2c_os_process_tag(struct w2c_os *o) { return o->tag; }
OS u64 w2c_os_process_start(struct w2c_os *o) { return o->start; }
OS uptr w2c_os_process_open(struct w2c_os *o, u32 tag, u64 start) {
  const struct w2c_os *found = fails() ? NULL : find_process(tag, start);
  return found ? open_handle(o, PROCESS, found->number, (u32)start) : 0; /* starts are small here */
}
static bool has_ended(const struct handle *h) {
  const struct w2c_os *other = &m.process[h->process];
  return m.network_down || !other->runs || other->start != h->index;
}
OS u32 w2c_os_process_ended(struct w2c_os *o, uptr process) { return has_ended(handle_of(o, process, PROCESS)); }
OS void w2c_os_handle_close(struct w2c_os *o, uptr handle) {
  must(handle > 0 && handle <= HANDLES, "closes a handle that never was");
  enum handle_kind kind = o->handles[handle - 1].kind;
  must(kind == PROCESS || kind == BELL, "closes a handle twice, or as another kind");
  close_handle(o, &o->handles[handle - 1]);
}

/* --- Bells --- */
OS uptr w2c_os_bell_create(struct w2c_os *o, u32 slot) { return slot >= BELLS || fails() ? 0 : open_handle(o, BELL, o->number, slot); }
OS uptr w2c_os_bell_open(struct w2c_os *o, u32 tag, u64 start, u32 slot) {
  const struct w2c_os *found = slot >= BELLS || fails() ? NULL : find_process(tag, start);
  return found ? open_handle(o, BELL, found->number, slot) : 0;
}
OS void w2c_os_bell_ring(struct w2c_os *o, uptr bell) {
  const struct handle *h = handle_of(o, bell, BELL);
  m.process[h->process].bells_rung[h->index]++;
}
OS u32 w2c_os_bell_wait(struct w2c_os *o, uptr bell, uptr process, u32 ms) {
  const struct handle *h = handle_of(o, bell, BELL), *other = process ? handle_of(o, process, PROCESS) : NULL;
  must(h->process == o->number, "waits for the bell of another process");
  u32 *rung = &o->bells_rung[h->index];
  bool round = is_round(o, ms);
  if (o->caretaker_rounds != 0 && !round && *rung == 0) longjmp(o->caretaker_out, 1); /* it sleeps for good */
  if (*rung == 0 && !round && !(other && has_ended(other))) wait_a_turn(o, ms * 1000ull);
  if (*rung != 0) return *rung = 0, WAIT_BELL;
  return other && has_ended(other) ? WAIT_PEER_DEAD : WAIT_TIMEOUT_;
}

/* --- Messages: to the only window, about sockets that are open --- */
static bool is_open_here(const struct w2c_os *o, u64 socket);
OS uptr w2c_os_memory_end(struct w2c_os *o, uptr address, u32 writes) { return address ? ~(uptr)0 : 0; }
OS u32 w2c_os_call_hook(struct w2c_os *o, uptr hook) { return 0; }
OS u32 w2c_os_post_message(struct w2c_os *o, uptr window, u32 message, uptr socket, u32 event) {
  must(window == WINDOW && message == MESSAGE, "posts another message than was asked for");
  must(is_open_here(o, socket), "posts a message about a socket that is closed");
  must(event == 1 || event == 2 || event == 4 || event == 32 || event == (WS_WSAECONNRESET << 16 | 32), "posts an event that there is not");
  return 1;
}

/* --- Directory and segments --- */
OS uptr w2c_os_directory_map(struct w2c_os *o, u32 bytes) {
  must(bytes == VMMC_DIRECTORY_BYTES, "maps a directory of another size");
  return fails() ? 0 : (uptr)directories[o->number];
}
OS u32 w2c_os_segment_create(struct w2c_os *o, u32 tag, u64 start, u64 key, u32 bytes, uptr result) {
  must(tag == o->tag && start == o->start, "creates a segment in another's name");
  if (fails() || bytes > FILE_BYTES || find_file(tag, start, key)) return 0;
  struct file *f = make_file(tag, start, key, bytes);
  uptr handle = f ? open_handle(o, SEGMENT, (u32)(f - m.files), 0) : 0;
  if (!handle) return f ? f->named = false, 0 : 0;
  f->view[0] = true;
  AT(uptr, result) = (uptr)view_of(f, 0);
  AT(uptr, result + sizeof(uptr)) = handle;
  return 1;
}
OS u32 w2c_os_segment_allocate(struct w2c_os *o, uptr handle, u32 offset, u32 bytes) {
  struct file *f = &m.files[handle_of(o, handle, SEGMENT)->process];
  must((u64)offset + bytes <= f->size, "allocates storage beyond a segment's end");
  must(offset % 4096 == 0 && bytes % 4096 == 0, "allocates part of a page");
  if (fails()) return 0;
  for (u32 page = offset / 4096; page < (offset + bytes) / 4096; page++) f->pages |= 1ull << page;
  show(f);
  return 1;
}
OS u32 w2c_os_segment_open(struct w2c_os *o, u32 tag, u64 start, u64 key, uptr result) {
  struct file *f = fails() ? NULL : find_file(tag, start, key);
  if (!f || f->size == 0) return 0;
  f->named = false; /* the name goes with the acceptor's handle */
  for (u32 v = 0; v < VIEWS; v++) {
    if (f->view[v]) continue;
    uptr handle = open_handle(o, SEGMENT, (u32)(f - m.files), v);
    if (!handle) return 0;
    f->view[v] = true;
    show(f);
    AT(uptr, result) = (uptr)view_of(f, v);
    AT(uptr, result + sizeof(uptr)) = handle;
    return f->size;
  }
  return 0;
}
OS void w2c_os_segment_close(struct w2c_os *o, uptr address, uptr handle) {
  struct handle *h = handle_of(o, handle, SEGMENT);
  struct file *f = &m.files[h->process];
  must(address == (uptr)view_of(f, h->index), "unmaps something else than it mapped");
  f->view[h->index] = false;
  hide(f, h->index);
  close_handle(o, h);
}
OS void w2c_os_segment_remove(struct w2c_os *o, u32 tag, u64 start, u64 key) {
  struct file *f = find_file(tag, start, key);
  if (f) f->named = false;
}

OS uptr w2c_os_page_create(struct w2c_os *o, u32 number, u32 bytes) { return 0; }
OS u32 w2c_os_program_name(struct w2c_os *o, uptr text, u32 bytes) { return 0; }

/* --- What the core wants to know of its process --- */
OS u32 w2c_os_modules_changed(struct w2c_os *o) { return 0; }
OS uptr w2c_os_wrapper(struct w2c_os *o) { return 0; }
OS uptr w2c_os_module_text(struct w2c_os *o, u32 n) { return 0; }
OS uptr w2c_os_redirection(struct w2c_os *o, u32 n, u32 function) { return 0; }
OS u32 w2c_os_rules(struct w2c_os *o, uptr text, u32 bytes) { return 0; }
OS u32 w2c_os_logging(struct w2c_os *o) { return 1; }
OS u32 w2c_os_config(struct w2c_os *o, u32 setting) {
  if (setting == VMMC_CONFIG_STATISTICS) return 0; /* nothing is read from them */
  return setting == VMMC_CONFIG_DISABLE ? o->disabled : setting == VMMC_CONFIG_SPIN_US ? o->spin_us : o->ring_bytes;
}
OS void w2c_os_log_connection(struct w2c_os *o, u32 role, u32 la, u32 lp, u32 pa, u32 pp, u32 mode, u32 reason) {
  if (explaining) fprintf(stderr, "    process %u: %s %08x:%u with %08x:%u is %s (reason %u)\n", o->number, role ? "accept" : "connect", la, lp, pa, pp, mode ? "user-level" : "kernel", reason);
}
OS void w2c_os_log_event(struct w2c_os *o, u32 event, u64 value, u32 reason) {
  if (explaining) fprintf(stderr, "    process %u: event %u, value %llu (reason %u)\n", o->number, event, (unsigned long long)value, reason);
}
OS u32 w2c_os_caretaker_start(struct w2c_os *o) { return fails() ? 0 : (o->has_caretaker = true, 1); }
