/*
 * mortal.c's streams, and the ledger that outlives the process.
 *
 * A stream says who it is: its first 8 bytes name the sender's slot and its use, with a check, and every later byte
 * follows from these and its position. So a reader that knows only the round's seed finds a byte that is lost, doubled,
 * altered, or another connection's.
 *
 * The ledger is a file in memory: what a process has counted there stays when it is killed, at whatever instruction.
 */
#ifndef PROGRAMS_MORTAL_STREAM_H
#define PROGRAMS_MORTAL_STREAM_H

#include "net.h"

enum { SLOTS = 16, PIECE = 65536, NOBODY = 255 };

/*
 * One connection slot's account. The order in which fields are written is what makes it true at any death: `started` is
 * raised before a send, `acked` after it, so that the bytes that went are between the two.
 *
 *   0       8       16        24          28      32       36
 *   started acked   received  iteration   wrong   from     fromIteration
 */
typedef struct {
  volatile uint64_t started, acked, received;
  volatile uint32_t iteration, wrong, from, from_iteration;
} Account;
_Static_assert(sizeof(Account) == 40, "the test reads it");

/* 0: socket calls begun or ended so far; 4: connections at their gate; then, from 16, the accounts. */
typedef struct { volatile LONG steps, gates, spare[2]; Account accounts[SLOTS]; } Ledger;
_Static_assert(offsetof(Ledger, accounts) == 16, "the test reads it");

static Ledger *ledger;

static void ledger_open(const char *path) {
  static Ledger nowhere;
  ledger = &nowhere;
  if (!*path) return;
  HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            NULL, OPEN_ALWAYS, 0, NULL);
  HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, sizeof(Ledger), NULL);
  void *view = mapping ? MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof(Ledger)) : NULL;
  if (!view) {
    printf("error=cannot map %s: %lu\n", path, GetLastError());
    exit(1);
  }
  CloseHandle(mapping);
  CloseHandle(file);
  ledger = view;
}

static void ledger_clear(void) {
  memset(ledger, 0, sizeof *ledger);
  for (int i = 0; i < SLOTS; i++) ledger->accounts[i].from = NOBODY;
}

/* ---- streams ------------------------------------------------------------------------------------------------- */

/* `side`: 0 for bytes from the connector, 1 for those from the acceptor. */
static inline uint64_t stream_name(uint64_t seed, int side, unsigned slot, unsigned iteration) {
  uint64_t state = seed * 2 + (uint64_t)side + ((uint64_t)slot << 40) + ((uint64_t)iteration << 48);
  return ((uint64_t)slot << 56) | ((uint64_t)(iteration & 0xffffff) << 32) | (random_next(&state) & 0xffffffffu);
}

static inline unsigned name_slot(uint64_t name) { return (unsigned)(name >> 56); }
static inline unsigned name_iteration(uint64_t name) { return (unsigned)(name >> 32) & 0xffffff; }

/* The word at a position (a multiple of 8) of the stream with that name. */
static inline uint64_t stream_word(uint64_t name, uint64_t position) {
  if (position == 0) return name;
  uint64_t state = name + position * 0x9E3779B97F4A7C15u;
  return random_next(&state);
}

static void stream_fill(uint64_t name, uint64_t position, char *buffer, int bytes) {
  for (int i = 0; i < bytes;) {
    uint64_t at = position + (uint64_t)i, word = stream_word(name, at & ~(uint64_t)7);
    int offset = (int)(at & 7), part = 8 - offset < bytes - i ? 8 - offset : bytes - i;
    memcpy(buffer + i, (char *)&word + offset, (size_t)part);
    i += part;
  }
}

/* Checks what came: `head` collects the first 8 bytes, which name the stream. */
typedef struct { uint64_t seed, name, position; int side; unsigned char head[8]; Account *account; } Reading;

static void reading_check(Reading *r, const char *bytes, int count) {
  Account *account = r->account;
  int at = 0;
  while (at < count && r->position < 8) {
    r->head[r->position++] = (unsigned char)bytes[at++];
    if (r->position < 8) continue;
    memcpy(&r->name, r->head, 8);
    if (r->name != stream_name(r->seed, r->side, name_slot(r->name), name_iteration(r->name))) account->wrong++;
    account->from_iteration = name_iteration(r->name);
    account->from = name_slot(r->name);
  }
  while (at < count) {
    char expected[512];
    int part = count - at < (int)sizeof expected ? count - at : (int)sizeof expected;
    stream_fill(r->name, r->position, expected, part);
    if (memcmp(expected, bytes + at, (size_t)part)) account->wrong++;
    r->position += (uint64_t)part;
    at += part;
  }
  account->received += (uint64_t)count;
}

#endif
