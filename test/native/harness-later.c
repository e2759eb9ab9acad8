/* The mode of the harness (see harness.c) for operations that go on after their calls have returned. There are no files and no events
 * as on Windows: what is sent is what would stand before a file, and an event is a bell, the writing end of a pipe. */
#include "harness.h"
#include <fcntl.h>
#include <poll.h>

/* Odd: a bell is a descriptor + 1, and the lowest bit of an event means something else. */
enum { OPERATIONS = 12, PENDING = 0x103, RING = 901 };

struct overlapped { _Atomic uint64_t internal; uint64_t internal_high; uint32_t offset, offset_high; uint64_t event; };
struct buffers { uint64_t head; uint32_t head_bytes; uint64_t tail; uint32_t tail_bytes; };
_Static_assert(sizeof(struct overlapped) == 32 && sizeof(struct buffers) == 32, "as on 64-bit Windows");

struct sender { int ring; sock s; uint64_t seed; uint8_t *bytes; uint32_t total; };
/** Posts several sends on one socket, and waits for their ends: in their order, and all of them whatever becomes of the socket. */
static void *sends_later(void *argument) {
  struct sender *sender = argument;
  struct overlapped posted[OPERATIONS];
  int pipes[2];
  uint32_t sent = 0, count = 0;
  bool failed = false;
  check(pipe2(pipes, O_NONBLOCK | O_CLOEXEC) == 0, 0);
  check(dup2(pipes[1], sender->ring) == sender->ring, 0);
  for (; count < OPERATIONS && sent < sender->total; count++) {
    uint32_t length = count + 1 == OPERATIONS ? sender->total - sent : random_size(&sender->seed) % (sender->total - sent) + 1;
    struct buffers parts = { ADDRESS(sender->bytes + sent), length / 3, ADDRESS(sender->bytes + sent + length / 3), length - length / 3 };
    posted[count] = (struct overlapped){ .event = (uint64_t)sender->ring + 1, .internal_high = length };
    check(vmmc_TransmitFile(sender->s, 0, 0, 0, ADDRESS(&posted[count]), ADDRESS(&parts), 0) == 0, count);
    if (vmmc_WSAGetLastError() != WS_WSA_IO_PENDING) break; /* it is the kernel's by now, which has no such call here */
    sent += length;
  }
  for (uint32_t n = 0, before = 0, rung = 0; n < count; n++) {
    struct pollfd ring = { pipes[0], POLLIN, 0 };
    char byte;
    /* Each rings once, after it has said how it ended. */
    for (; rung <= n; rung++) check(poll(&ring, 1, 60000) == 1 && read(pipes[0], &byte, 1) == 1, n);
    check(posted[n].internal != PENDING, n);
    /* One that has failed is followed by none that was sent whole. */
    check(posted[n].internal != 0 || !failed, n);
    failed |= posted[n].internal != 0;
    before += (uint32_t)posted[n].internal_high;
    check(before <= sent, n);
  }
  close(pipes[0]), close(pipes[1]), close(sender->ring);
  return NULL;
}
int later_rounds(uint64_t seed, uint32_t rounds) {
  enum { MOST = 1 << 20 };
  static uint8_t bytes[2][MOST], got[MOST];
  uint16_t port;
  uint32_t cut = 0;
  sock listener = listen_here(&port, 5);
  for (uint32_t round = 0; round < rounds; round++) {
    bool closes = next_random(&seed) % 4 == 0, both = next_random(&seed) % 2;
    sock a = connect_to(port), b = vmmc_accept(listener, 0, 0);
    struct sender one = { RING, a, next_random(&seed), bytes[0], random_size(&seed) * 4 + 1 }, other = { RING + 2, b, next_random(&seed), bytes[1], 1000 };
    for (uint32_t i = 0; i < one.total; i++) one.bytes[i] = pattern(round, i);
    uint32_t on = next_random(&seed) % 2, wanted = closes ? one.total / 2 : one.total;
    check(both || vmmc_ioctlsocket(a, WS_FIONBIO, ADDRESS(&on)) == 0, round);
    pthread_t sending = start_thread(sends_later, &one), answering = both ? start_thread(sends_later, &other) : 0;
    check(receive_all(b, got, wanted) && memcmp(got, one.bytes, wanted) == 0, round);
    if (both && !closes) check(receive_all(a, got, other.total), round);
    sock first = next_random(&seed) % 2 ? a : b;
    if (closes) cut++, check(vmmc_closesocket(first) == 0, round);
    pthread_join(sending, NULL);
    if (both) pthread_join(answering, NULL);
    if (!closes) vmmc_closesocket(first);
    vmmc_closesocket(a + b - first);
  }
  vmmc_closesocket(listener);
  printf("rounds=%u cut=%u\n", rounds, cut);
  return 0;
}
