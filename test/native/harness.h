/* What the parts of the harness share. The harness drives the core as a Linux shared object; see harness.c. */
#ifndef VMMC_HARNESS_H
#define VMMC_HARNESS_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "vmmc.h"

/** A SOCKET. */
typedef uint64_t sock;
#define NONE WS_INVALID_SOCKET
#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

/** An fd_set with room for `n` sockets, laid out as WinSock's. */
#define SET(n) struct { uint32_t count; sock sockets[n]; }

/** Says what went wrong, with the thread's last error, and ends the process. */
_Noreturn void fail(const char *what, long value);
#define check(condition, value) ((condition) ? (void)0 : fail("not true: " #condition, (long)(value)))

uint64_t now_ns(void);
/** The next number of a sequence that `state` determines. */
uint64_t next_random(uint64_t *state);
/** A size up to 256 KiB, small ones as often as large ones. */
static inline uint32_t random_size(uint64_t *state) {
  uint32_t most = 1u << next_random(state) % 19;
  return (uint32_t)next_random(state) % most;
}
/** The byte at that position of the stream with that seed. */
static inline uint8_t pattern(uint64_t seed, uint64_t position) {
  return (uint8_t)((position * 0x9e3779b97f4a7c15 + seed) >> 32 ^ position >> 8);
}
/** A socket that listens on 127.0.0.1; stores its port (network byte order). */
sock listen_here(uint16_t *port, int backlog);
/** A socket that is connected to that port, or NONE. */
sock connect_to(uint16_t port);
/** Sends or receives exactly so many bytes; false when the connection ends before. */
bool send_all(sock s, const void *bytes, size_t length);
bool receive_all(sock s, void *bytes, size_t length);
pthread_t start_thread(void *(*run)(void *), void *argument);
/** Waits for a child process; fails unless it ended well, or by SIGKILL where `killed`. */
void reap(pid_t child, bool killed);
/** Memory, zeroed, that this process shares with those it forks off. */
void *shared_memory(size_t bytes);

int stress(uint64_t seed, uint32_t seconds, bool two_processes);
int scale(uint32_t connections, uint32_t rounds);
int close_rounds(uint64_t seed, uint32_t rounds);
int kill_rounds(uint64_t seed, uint32_t rounds);
int leave_rounds(uint64_t seed, uint32_t rounds);
int hook_rounds(uint32_t rounds);
int later_rounds(uint64_t seed, uint32_t rounds);

#endif
