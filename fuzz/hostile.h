/* Attacks: somebody who may map the directory and every segment writes whatever there is, whenever he likes. */

/* ATTACK: `who` bits 0-3: which file, from 12 on the directory; bits 4-6: how the value is made. `what`, `how`: where. */
enum value_of { RAW, ADDED, BIT, INTERESTING, PROCESS_WORD, PROCESS_START, NAME, ARMED };
static const u32 interesting[] = {
  0, 1, 2, 3, 4, 7, 0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000, 0x80000001, 2048, 4096, 8191, 8192, 8193, 16384, 32768, 32769,
  65536, 65537, 131072, VMMC_RING_BYTES_MAX, 2 * VMMC_RING_BYTES_MAX, VMMC_MAGIC, VMMC_DIRECTORY_BYTES, VMMC_LISTENER_SLOTS + 1, VMMC_PENDING_SLOTS + 1,
};
static const u16 segment_words[] = {
  VMMC_SEGMENT_MAGIC, VMMC_SEGMENT_VERSION, VMMC_SEGMENT_RING_BYTES, VMMC_SEGMENT_GENERATION, VMMC_SEGMENT_CONNECTOR_TAG, VMMC_SEGMENT_ACCEPTOR_TAG,
  VMMC_SEGMENT_CONNECTOR_START, VMMC_SEGMENT_ACCEPTOR_START, VMMC_SEGMENT_ACCEPTOR_START + 4, VMMC_SEGMENT_STATE, VMMC_SEGMENT_RELEASED, VMMC_SEGMENT_UNMAPPED,
#define BLOCK(n) VMMC_BLOCKS_OFFSET + n * VMMC_BLOCK_BYTES
#define WORDS(b) b + VMMC_BLOCK_HEAD, b + VMMC_BLOCK_WINDOW, b + VMMC_BLOCK_CREDIT, b + VMMC_BLOCK_READ_ARMED, b + VMMC_BLOCK_WRITE_ARMED, b + VMMC_BLOCK_FLAGS
  WORDS(BLOCK(0)), WORDS(BLOCK(1)),
};
static const u16 directory_words[] = {
  VMMC_DIRECTORY_MAGIC, VMMC_DIRECTORY_VERSION, VMMC_DIRECTORY_BYTES_FIELD, VMMC_DIRECTORY_LISTENERS_USED, VMMC_DIRECTORY_PENDING_USED,
};
static const u8 slot_words[] = {
  VMMC_SLOT_WORD, VMMC_SLOT_SEQUENCE, VMMC_SLOT_START, VMMC_SLOT_START + 4, VMMC_SLOT_SERVER_ADDRESS, VMMC_SLOT_SERVER_PORT, VMMC_SLOT_CLIENT_ADDRESS,
  VMMC_SLOT_CLIENT_PORT, VMMC_SLOT_SEGMENT_KEY, VMMC_SLOT_SEGMENT_KEY + 4, VMMC_SLOT_LISTENER,
  VMMC_SLOT_LISTENER_SEQUENCE,
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct trap { u32 looks; struct step attack; } traps[4];
static u32 trap_count;
/** Files below this are left alone: the segment of a connection that is to stay whole. */
static u32 first_attacked;

static u32 attack_value(const struct step *s, u32 now) {
  u32 v = s->value;
  const struct w2c_os *o = &m.process[v >> 2 & 1];
  switch ((enum value_of)(s->who >> 4 & 7)) {
    case RAW: return v;
    case ADDED: return now + (u32)(s32)(s16)v;
    case BIT: return now ^ 1u << (v & 31);
    case INTERESTING: return interesting[v % COUNT(interesting)];
    case PROCESS_WORD: return (v & 8 ? 0x7770 : o->tag) | (v & 3);
    case PROCESS_START: return (u32)o->start;
    case NAME: return v & 256 ? (u32)(m.files[v % FILES].key >> (v & 512 ? 32 : 0)) : v & 1024 ? m.sockets[v % SOCKETS].address : m.sockets[v % SOCKETS].port;
    case ARMED: return (v & 15) | (v & 16 ? VMMC_ARM_DOORBELL : 0) | (v >> 5) << VMMC_ARM_SEQUENCE_SHIFT;
  }
  return v;
}
/** One of the files that there are; from now on it counts as attacked. */
static struct file *victim(u32 number) {
  struct file *f = NULL;
  for (u32 n = first_attacked; n < FILES; n++)
    if ((m.files[n].named || m.files[n].view[0] || m.files[n].view[1]) && (f = &m.files[n], number-- == 0)) break;
  if (f) f->attacked = f->whole = true, show(f);
  return f;
}
/** What a peer writes that keeps to the form: a window, and a head that lies ahead of what was read. */
static void lie(const struct step *s) {
  struct file *f = victim(s->who & 15);
  if (!f || f->size < VMMC_RINGS_OFFSET) return;
  u8 *block = contents_of(f) + BLOCK((s->what & 1)), *other = contents_of(f) + BLOCK((1 - (s->what & 1)));
  u32 window = s->how & 31 ? 1u << (s->how & 31) : AT(u32, block + VMMC_BLOCK_WINDOW);
  if (window < VMMC_WINDOW_BYTES_MIN && (s->how & 31) == 0) window = VMMC_WINDOW_BYTES_MIN;
  if (s->how & 31) AT(u32, block + VMMC_BLOCK_WINDOW) = window;
  AT(u32, block + VMMC_BLOCK_HEAD) = AT(u32, other + VMMC_BLOCK_CREDIT) + (u32)(s->value % (window + 2ull));
  if (explaining) fprintf(stderr, "    lie on file %ld, block %u: window %u, head %u\n", (long)(f - m.files), s->what & 1, window, AT(u32, block + VMMC_BLOCK_HEAD));
}
static void attack(const struct step *s) {
  if (s->kind % STEP_KINDS == S_LIE) return lie(s);
  u32 number = s->who & 15;
  u8 *at;
  if (number >= FILES) {
    u32 offset;
    if (s->what < COUNT(directory_words)) offset = directory_words[s->what];
    else if (s->what < 250) offset = (s->what & 1 ? VMMC_PENDING_OFFSET : VMMC_LISTENERS_OFFSET) + s->how % 16 * VMMC_SLOT_BYTES + slot_words[(s->what >> 1) % COUNT(slot_words)];
    else offset = (u32)(s->what << 8 | s->how) * 997 * 4 % VMMC_DIRECTORY_BYTES;
    at = attackers_directory + offset;
    m.directory_attacked = true;
  } else {
    struct file *f = victim(number);
    if (!f || f->size < 4) return;
    u32 offset = s->what < 200 ? segment_words[s->what % COUNT(segment_words)] : (u32)(s->how << 8 | s->what) * 4;
    if (offset + 4 > f->size) return;
    at = contents_of(f) + offset;
  }
  u32 now = AT(u32, at), value = attack_value(s, now);
  AT(u32, at) = value;
  if (explaining) fprintf(stderr, "    attack on %s %u, offset %ld: %08x becomes %08x\n", number >= FILES ? "directory" : "file", number >= FILES ? 0 : (u32)(at - attackers_files) / FILE_BYTES, (long)(number >= FILES ? at - attackers_directory : (at - attackers_files) % FILE_BYTES), now, value);
}
static void between_looks(void) {
  for (u32 n = 0; n < trap_count; n++) {
    if (--traps[n].looks != 0) continue;
    struct step s = traps[n].attack;
    traps[n] = traps[--trap_count];
    attack(&s);
    return;
  }
}
#define w2c_sync_load_relaxed(s, a) (between_looks(), w2c_sync_load_relaxed(s, a))
#define w2c_sync_load_acquire(s, a) (between_looks(), w2c_sync_load_acquire(s, a))
#define w2c_sync_store_release(s, a, v) (between_looks(), w2c_sync_store_release(s, a, v))
#define w2c_sync_compare_swap(s, a, e, d) (between_looks(), w2c_sync_compare_swap(s, a, e, d))
#define w2c_sync_compare_swap_wide(s, a, e, d) (between_looks(), w2c_sync_compare_swap_wide(s, a, e, d))

/* --- Forgeries --- */
static const u32 sizes[] = { 0, 4, 4095, 4096, 4096 + 8192, 4096 + 2 * 8192, 4096 + 2 * 16384, 4096 + 2 * 32768, 4096 + 2 * 65536, 4096 + 2 * 8192 + 1, 4096 + 2 * 12288 };
static void forge_file(const struct step *s) {
  const struct w2c_os *owner = &m.process[s->who & 1];
  struct file *f = make_file(s->how & 128 ? 0x7770 : owner->tag, owner->start, s->value, sizes[s->what % COUNT(sizes)]);
  if (!f) return;
  f->whole = f->attacked = true;
  if (f->size < VMMC_RINGS_OFFSET) return;
  u8 *at = contents_of(f);
  AT(u32, at + VMMC_SEGMENT_MAGIC) = s->how & 1 ? VMMC_MAGIC + 1 : VMMC_MAGIC;
  AT(u32, at + VMMC_SEGMENT_VERSION) = s->how & 2 ? s->value : VMMC_PROTOCOL_VERSION;
  AT(u32, at + VMMC_SEGMENT_RING_BYTES) = !(s->how & 4) ? ring_of(f) : s->value & 1 ? 8192u << (s->value >> 1 & 3) : interesting[s->value % COUNT(interesting)];
  AT(u32, at + VMMC_SEGMENT_STATE) = s->how & 8 ? s->value % 5 : VMMC_STATE_PENDING;
}
/** An offer for a connection that waits for accept, in the name of a process. */
static void forge_offer(const struct step *s) {
  const struct w2c_os *owner = &m.process[s->who & 1];
  u8 *slot = attackers_directory + VMMC_PENDING_OFFSET + s->what % 16 * VMMC_SLOT_BYTES;
  const struct pipe_end *e = NULL;
  for (u32 n = 0; n < SOCKETS && !e; n++)
    if (m.sockets[n].used && m.sockets[n].listens && m.sockets[n].queued) e = &m.sockets[m.sockets[n].queue[0]];
  if (!e) return;
  const struct file *f = &m.files[s->how % FILES];
  AT(u32, slot + VMMC_SLOT_WORD) = (s->value & 1 ? owner->tag : f->tag) | (s->value & 2 ? VMMC_SLOT_LIVE : VMMC_SLOT_PENDING);
  AT(u64, slot + VMMC_SLOT_START) = s->value & 4 ? owner->start : f->start;
  AT(u32, slot + VMMC_SLOT_SERVER_ADDRESS) = e->address, AT(u32, slot + VMMC_SLOT_SERVER_PORT) = e->port;
  AT(u32, slot + VMMC_SLOT_CLIENT_ADDRESS) = e->peer_address, AT(u32, slot + VMMC_SLOT_CLIENT_PORT) = e->peer_port;
  AT(u64, slot + VMMC_SLOT_SEGMENT_KEY) = f->key;
  const u8 *listener = attackers_directory + VMMC_LISTENERS_OFFSET + (s->value >> 3 & 1) * VMMC_SLOT_BYTES;
  AT(u32, slot + VMMC_SLOT_LISTENER) = s->value >> 3 & 1;
  AT(u32, slot + VMMC_SLOT_LISTENER_SEQUENCE) = AT(u32, listener + VMMC_SLOT_SEQUENCE);
  if (AT(u32, attackers_directory + VMMC_DIRECTORY_PENDING_USED) < 16) AT(u32, attackers_directory + VMMC_DIRECTORY_PENDING_USED) = 16;
  m.directory_attacked = true;
}
