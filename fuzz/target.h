/* The fuzzers: one program for all, each with a beginning of its own. */

static void prepare_target(void) {
#if defined(TARGET_segment)
  /* A connection that is left alone, and must stay whole, and one whose segment is attacked. */
  start_process(0, 4), start_process(1, 6);
  for (u32 p = 0; p < PROCESSES; p++) m.process[p].depth = 1, give_time(&m.process[p]);
  pair(0, 1, 0, 0, false, true);
  pair(1, 0, 1, 1, false, true);
  for (u32 p = 0; p < PROCESSES; p++) m.process[p].depth = 0;
  first_attacked = 1;
#elif defined(TARGET_import)
  /* A listener that is about to accept a connection whose other end does as the input says. */
  start_process(0, 4);
  struct name name = name_from(0, 0);
  m.process[0].depth = 1, give_time(&m.process[0]);
  held[0][0] = make_socket(0, false, false);
  w2c_core_bind(&cores[0], held[0][0], (uptr)&name, sizeof name);
  w2c_core_listen(&cores[0], held[0][0], 5);
  m.process[0].depth = 0;
  outsider(&(struct step){ .kind = S_OUTSIDER }, &(u64){ 0 });
#elif defined(TARGET_directory)
  /* Nothing: what the directory holds before the first process starts is up to the input. */
#else
#error "define TARGET_directory, TARGET_segment or TARGET_import"
#endif
}

/** The kinds of steps that a mutation of this target makes, more often those that stand here more often. */
static const u8 kinds[] = {
  S_SOCKET, S_SEND, S_SEND, S_SEND, S_RECEIVE, S_RECEIVE, S_RECEIVE, S_SELECT, S_SHUTDOWN, S_CLOSE, S_IOCTL, S_SETOPTION, S_GETOPTION, S_EXOTIC,
  S_TIME, S_CARE, S_KILL, S_EXIT, S_THREAD_END, S_FAIL, S_PAIR, S_PAIR, S_ATTACK, S_ATTACK, S_ATTACK, S_TRAP, S_ACCEPT, S_CONNECT, S_BIND, S_LISTEN,
#if defined(TARGET_segment)
  S_ATTACK, S_ATTACK, S_ATTACK, S_ATTACK, S_ATTACK, S_ATTACK, S_LIE, S_LIE, S_LIE, S_LIE, S_TRAP, S_TRAP, S_TRAP, S_SEND, S_RECEIVE, S_SEND, S_RECEIVE, S_SELECT, S_PAIR,
#elif defined(TARGET_import)
  S_FORGE_FILE, S_FORGE_FILE, S_FORGE_FILE, S_FORGE_OFFER, S_FORGE_OFFER, S_FORGE_OFFER, S_ACCEPT, S_ACCEPT, S_ACCEPT, S_OUTSIDER, S_OUTSIDER, S_START, S_TRAP, S_LIE, S_LIE,
#else
  S_START, S_START, S_START, S_ATTACK, S_ATTACK, S_ATTACK, S_ATTACK, S_ACCEPT, S_ACCEPT, S_CONNECT, S_CONNECT, S_BIND, S_BIND, S_LISTEN, S_LISTEN, S_OUTSIDER, S_FORGE_OFFER,
#endif
};

static u64 mutation_state;
static u32 chance(u32 below) { /* splitmix64 */
  u64 z = mutation_state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (u32)((z ^ z >> 31) % below);
}
static struct step random_step(void) {
  struct step s = { .kind = kinds[chance(COUNT(kinds))], .who = (u8)chance(256), .what = (u8)chance(256), .how = (u8)chance(256) };
  s.value = chance(4) == 0 ? chance(0xffffffff) : chance(4) ? chance(1024) : interesting[chance(COUNT(interesting))];
  if (s.kind == S_LIE && chance(2)) s.how = (u8)(chance(4) ? 13 + chance(8) : 0);
  /* Mostly one lie at a time: a file or an offer that is wrong in every way is turned down at once. */
  if (s.kind == S_FORGE_FILE && chance(3)) s.how = (u8)(chance(2) << chance(4));
  if (s.kind == S_FORGE_OFFER && chance(3)) s.how = (u8)chance(3), s.value &= 4 | (u32)(chance(2) << chance(3));
  /* Numbers and files beyond the first few are rarely of use. */
  if (chance(4)) s.who &= s.kind == S_ATTACK || s.kind == S_LIE ? 0x73 : 0x17;
  /* What an honest peer writes as well, but more of it. */
  if (s.kind == S_ATTACK && chance(4) == 0) s.what = 12 + 6 * (u8)chance(2) + (u8)chance(3), s.who = (s.who & 15) | (chance(2) ? INTERESTING << 4 : RAW << 4);
#ifdef TARGET_directory
  if (s.kind == S_ATTACK) s.who |= 12;
#endif
  return s;
}

#ifndef STANDALONE
size_t LLVMFuzzerMutate(u8 *bytes, size_t length, size_t most);
int LLVMFuzzerTestOneInput(const u8 *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t length, size_t most, unsigned seed);

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t length) {
  run_input(bytes, length);
  return 0;
}
/** Mutates whole steps most of the time, so that an input remains a program. */
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t length, size_t most, unsigned seed) {
  enum { SIZE = sizeof(struct step) };
  mutation_state = seed;
  length -= length % SIZE;
  most -= most % SIZE;
  for (u32 rounds = 1 + chance(4); rounds > 0; rounds--) {
    u32 count = (u32)(length / SIZE), at = count ? chance(count + 1) : 0, from = count ? chance(count) : 0;
    struct step s = random_step();
    switch (count ? chance(8) : 0) {
      case 0: case 1: case 2: /* one more: new, or one that is there already */
        if (length + SIZE > most) break;
        if (count && chance(4) == 0) memcpy(&s, bytes + from * SIZE, SIZE);
        memmove(bytes + at * SIZE + SIZE, bytes + at * SIZE, length - at * SIZE);
        memcpy(bytes + at * SIZE, &s, SIZE);
        length += SIZE;
        break;
      case 3: /* one less */
        memmove(bytes + from * SIZE, bytes + from * SIZE + SIZE, length - from * SIZE - SIZE);
        length -= SIZE;
        break;
      case 4: /* another in its place */
        memcpy(bytes + from * SIZE, &s, SIZE);
        break;
      case 5: /* one field of it is another */
        memcpy(bytes + from * SIZE + 1 + chance(7), (u8 *)&s + 1 + chance(7), 1);
        break;
      case 6: /* value by a little */
        AT(u32, bytes + from * SIZE + 4) += chance(65) - 32;
        break;
      default:
        if (length > 0) LLVMFuzzerMutate(bytes + from * SIZE, SIZE, SIZE);
    }
  }
  return length;
}
#else
#include "replay.h"
#endif

const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "quarantine_size_mb=8:detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=0"; }
