/* The machine's memory. What a process may not touch is poisoned for AddressSanitizer: pages of a segment without storage,
 * views that are closed, whatever lies beside them. A copy has to stay within one part of a segment besides. */

/* --- Private memory --- */
OS uptr w2c_os_alloc(struct w2c_os *o, uptr bytes) {
  if (fails() || o->blocks == BLOCKS) return 0;
  void *made = aligned_alloc(64, (bytes + 63) & ~(uptr)63);
  memset(made, 0, bytes);
  __asan_poison_memory_region((u8 *)made + bytes, ((bytes + 63) & ~(uptr)63) - bytes);
  o->block[o->blocks++] = made;
  return (uptr)made;
}
OS void w2c_os_free(struct w2c_os *o, uptr address) {
  for (u32 n = o->blocks; n-- > 0;) {
    if (o->block[n] != (void *)address) continue;
    o->block[n] = o->block[--o->blocks];
    free((void *)address);
    return;
  }
  finding("frees what it does not have");
}

/* --- Shared memory: each file is mapped once for the attacker, and once for each view --- */
enum { GAP = 4096, STRIDE = FILE_BYTES + GAP, DIRECTORY_STRIDE = VMMC_DIRECTORY_BYTES + GAP };
static u8 *attackers_files, *views, *attackers_directory, *directories[PROCESSES];

static u8 *map_shared(int memory, size_t offset, size_t bytes, u8 *at) {
  void *view = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), memory, (off_t)offset);
  if (view == MAP_FAILED) abort();
  return view;
}
static u8 *reserve(size_t bytes) {
  void *space = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) abort();
  return space;
}
static void map_machine(void) {
  int memory = memfd_create("vmmc-fuzz", 0);
  if (memory < 0 || ftruncate(memory, FILES * FILE_BYTES + VMMC_DIRECTORY_BYTES)) abort();
  attackers_files = map_shared(memory, 0, FILES * FILE_BYTES, NULL);
  attackers_directory = map_shared(memory, FILES * FILE_BYTES, VMMC_DIRECTORY_BYTES, NULL);
  views = reserve(FILES * VIEWS * STRIDE + GAP) + GAP;
  for (u32 n = 0; n < FILES * VIEWS; n++) map_shared(memory, n / VIEWS * FILE_BYTES, FILE_BYTES, views + n * STRIDE);
  __asan_poison_memory_region(views, FILES * VIEWS * STRIDE);
  u8 *space = reserve(PROCESSES * DIRECTORY_STRIDE + GAP) + GAP;
  for (u32 n = 0; n < PROCESSES; n++) directories[n] = map_shared(memory, FILES * FILE_BYTES, VMMC_DIRECTORY_BYTES, space + n * DIRECTORY_STRIDE);
}
static u8 *contents_of(const struct file *f) { return attackers_files + (f - m.files) * FILE_BYTES; }
static u8 *view_of(const struct file *f, u32 view) { return views + ((u32)(f - m.files) * VIEWS + view) * STRIDE; }
static u32 ring_of(const struct file *f) { return (f->size - VMMC_RINGS_OFFSET) / 2; }

static void show(const struct file *f) { /* what may be touched of its open views */
  for (u32 v = 0; v < VIEWS; v++) {
    if (!f->view[v]) continue;
    if (f->whole) __asan_unpoison_memory_region(view_of(f, v), (f->size + 4095) & ~4095u); /* a page is mapped as a whole */
    for (u32 page = 0; !f->whole && page < FILE_BYTES / 4096; page++)
      if (f->pages >> page & 1) __asan_unpoison_memory_region(view_of(f, v) + page * 4096, 4096);
  }
}
static void hide(const struct file *f, u32 view) { __asan_poison_memory_region(view_of(f, view), FILE_BYTES); }

static struct file *find_file(u32 tag, u64 start, u64 key) {
  for (u32 n = 0; n < FILES; n++) {
    struct file *f = &m.files[n];
    if (f->named && f->tag == tag && f->start == start && f->key == key) return f;
  }
  return NULL;
}
static struct file *make_file(u32 tag, u64 start, u64 key, u32 size) {
  for (u32 n = 0; n < FILES; n++) {
    struct file *f = &m.files[n];
    if (f->named || f->view[0] || f->view[1] || f->view[2]) continue;
    *f = (struct file){ .named = true, .tag = tag, .start = start, .key = key, .size = size };
    memset(contents_of(f), 0, size);
    return f;
  }
  return NULL;
}

/** The bytes may be copied to or from: they lie in one part of one segment, or in none. */
static void check_range(uptr address, u64 bytes) {
  must(address + bytes >= address, "a copy wraps around the address space");
  if (bytes && __asan_region_is_poisoned((void *)address, bytes)) finding("a copy touches memory that it may not");
  if (address + bytes <= (uptr)views || address >= (uptr)views + FILES * VIEWS * STRIDE) return;
  u64 place = address - (uptr)views, offset = place % STRIDE;
  const struct file *f = &m.files[place / STRIDE / VIEWS];
  if (offset < VMMC_RINGS_OFFSET) must(offset + bytes <= VMMC_RINGS_OFFSET, "a copy leaves a segment's head");
  else {
    u64 in_ring = (offset - VMMC_RINGS_OFFSET) % ring_of(f);
    must(in_ring + bytes <= ring_of(f), "a copy leaves its ring");
  }
}
static inline void checked_copy(core_memory *a, core_memory *b, u64 to, u64 from, u64 bytes) {
  check_range(to, bytes);
  check_range(from, bytes);
  memory_copy(a, b, to, from, bytes);
}
static inline void checked_fill(core_memory *a, u64 to, u32 value, u64 bytes) {
  check_range(to, bytes);
  memory_fill(a, to, value, bytes);
}
#define memory_copy checked_copy
#define memory_fill checked_fill
