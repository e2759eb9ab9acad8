/* The machine that the fuzzers run the core on: a few processes in one, a fake kernel, memory that says who may touch it, and
 * time that passes only when somebody asks for it. Nothing sleeps, nothing is random, and one input always does the same.
 *
 *   program.h      what an input means: steps, each a call, an attack or a fault
 *   hostile.h      the attacks: any value anywhere in shared memory, also between two loads of one call
 *   kernel.h       core/os.ts' sockets           os.h    the rest of core/os.ts
 *   memory.h       private memory, segments, the directory
 *
 * Included after native/prelude.h, native/sync.h and the constants of core/layout.ts; see fuzz/build.ts. */
#ifndef VMMC_FUZZ_MACHINE_H
#define VMMC_FUZZ_MACHINE_H

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define OS static
enum {
  PROCESSES = 2,         /* that run the core */
  UNWRAPPED = PROCESSES, /* owns the kernel sockets of a program without the core */
  THREADS = 3,           /* of each: two of the application, then the caretaker */
  CARETAKER = THREADS - 1,
  WINDOW = 0x10046,      /* the only one, and the only message that it is asked to get */
  MESSAGE = 1029,
  FILES = 12,            /* segments that can exist at a time */
  FILE_BYTES = VMMC_RINGS_OFFSET + 2 * 65536,
  VIEWS = 3,             /* mappings of one file at a time */
  HANDLES = 512,
  BELLS = 8,             /* bell slots that have a bell */
  BLOCKS = 2048,         /* of private memory, of one process */
  SOCKETS = 48,
  QUEUE = 6,             /* connections that wait for accept */
  PIPE_BYTES = 600,      /* that a kernel connection holds */
  CONNECT_US = 30,       /* that a connect without blocking takes */
};

enum handle_kind { CLOSED, PROCESS, BELL, SEGMENT };
struct handle { enum handle_kind kind; u32 process, index; };

/** A process. The core hands it to every function of core/os.ts. */
struct w2c_os {
  bool runs;
  u32 number, tag, spin_us, ring_bytes, disabled;
  u64 start;
  u32 thread;            /* that makes the calls now */
  uptr records[THREADS];
  s32 error;
  bool has_caretaker;
  u32 caretaker_rounds;  /* left of this turn; 0: it is not its turn */
  jmp_buf caretaker_out;
  u32 depth;             /* calls of this process that have not returned */
  u32 patience;          /* waits that are left to the outermost call */
  bool last_chance;      /* it has had time since the network went down */
  u32 questions;         /* that it may still ask the kernel's select */
  struct handle handles[HANDLES];
  u32 handle_count;      /* that are open */
  u32 bells_rung[BELLS];
  u32 blocks;
  void *block[BLOCKS];
};

/** A segment's file: named, or mapped, or both. */
struct file {
  bool named;
  u32 tag, size;
  u64 start, key;
  bool whole;            /* storage for all of it; else only for the pages in `pages` */
  u64 pages;             /* of 4 KiB */
  bool view[VIEWS];
  bool attacked;
};

/** A kernel socket. */
struct pipe_end {
  bool used, stream, bound, listens, connected, failed, nonblocking, eof, reset, shut_read, shut_write, abortive;
  bool accepted;         /* the acceptor's end */
  u8 owner;
  u32 address, peer_address;
  u16 port, peer_port;
  int peer;              /* socket at the other end, -1: none (any more) */
  int queue[QUEUE];
  u32 queued, filled;
  u64 connected_us;      /* until then a connect is under way */
  u32 stream_of;         /* connection + 1: see program.h */
  u8 bytes[PIPE_BYTES];
};

static struct machine {
  u64 now_us, random;
  u32 fail_in;           /* calls until one fails; 0: none will */
  bool faulty;           /* something has been made to fail, or to die */
  bool directory_attacked, network_down;
  u32 starts;
  u16 next_port;
  struct w2c_os process[PROCESSES + 1]; /* the last one never runs: it only has kernel sockets */
  struct file files[FILES];
  struct pipe_end sockets[SOCKETS];
} m;

static bool explaining; /* tells each step on standard error */

/** The core, or a promise of docs/protocol.md, is broken. */
_Noreturn static void finding(const char *what) {
  fprintf(stderr, "FINDING: %s\n", what);
  abort();
}
#define must(condition, what) ((condition) ? (void)0 : finding(what))

/** True when it is this call's turn to fail. */
static bool fails(void) {
  if (m.fail_in == 0 || --m.fail_in != 0) return false;
  m.faulty = true;
  return true;
}
/** A thread of that process waits: others get a turn, if the input says so, and time passes. See program.h.
 * False: it has waited too often; from now on the network is down and all others are dead, and the call must end. */
static bool wait_a_turn(struct w2c_os *o, u64 us);
/** Somebody else may act between any two looks at shared memory. See hostile.h. */
static void between_looks(void);

#endif
