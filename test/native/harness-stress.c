/* One mode of the harness (see harness.c): all kinds of traffic at once. */
#include "harness.h"

enum { CLIENT_THREADS = 4, PIECE = 70000 };

/* What a connection does follows from its seed, which the client sends first. */
/** How one side goes about it. */
struct side {
  uint32_t bytes;        /* that it sends */
  uint32_t quits_after;  /* bytes received; then it closes, whatever is still to come. UINT32_MAX: does not */
  bool selects;          /* one thread, non-blocking, `select`; else a thread to send and one to receive, both blocking */
};
struct plan { uint64_t seed; struct side sides[2]; };
/** One end of a connection at work. */
struct end {
  sock s;
  int self;
  struct plan plan;
  uint64_t random, sender_random;
  uint32_t sent, received;
};
struct totals { atomic_ullong connections, bytes, cut; atomic_bool over; _Atomic uint16_t port; };
static struct totals *totals;
static sock idle; /* a kernel socket that nobody ever sends to, in among the user-level ones of a select */

static struct plan make_plan(uint64_t seed) {
  uint64_t random = seed;
  struct plan plan = { seed };
  for (int i = 0; i < 2; i++) plan.sides[i] = (struct side){ random_size(&random), UINT32_MAX, next_random(&random) % 2 == 0 };
  uint64_t quitter = next_random(&random) % 8; /* two in eight connections are cut short */
  if (quitter < 2) plan.sides[quitter].quits_after = (uint32_t)next_random(&random) % (plan.sides[1 - quitter].bytes + 1);
  return plan;
}
static bool is_cut(const struct end *e) { return e->plan.sides[0].quits_after != UINT32_MAX || e->plan.sides[1].quits_after != UINT32_MAX; }
static bool quits(const struct end *e) { return e->received >= e->plan.sides[e->self].quits_after; }
static uint64_t stream_of(const struct end *e, int side) { return e->plan.seed ^ (side ? 0x5555555555555555 : 0); }
/** The last error is one that only a connection cut short may give. */
static bool cut_error(const struct end *e) {
  int32_t error = vmmc_WSAGetLastError();
  return is_cut(e) && (error == WS_WSAECONNRESET || error == WS_WSAECONNABORTED || error == WS_WSAESHUTDOWN || error == WS_WSAENOTCONN);
}
/** Sends the next piece. 1: some; 0: would block; -1: all is sent, or nothing more can be. */
static int send_piece(struct end *e, uint64_t *random) {
  static __thread uint8_t buffer[PIECE];
  uint32_t rest = e->plan.sides[e->self].bytes - e->sent, bytes = random_size(random) % PIECE + 1;
  if (bytes > rest) bytes = rest;
  for (uint32_t i = 0; i < bytes; i++) buffer[i] = pattern(stream_of(e, e->self), e->sent + i);
  int32_t n = bytes ? vmmc_send(e->s, ADDRESS(buffer), (int32_t)bytes, 0) : 0;
  if (n < 0 && vmmc_WSAGetLastError() == WS_WSAEWOULDBLOCK) return 0;
  check(n >= 0 || cut_error(e), n);
  if (n > 0) e->sent += (uint32_t)n;
  if (n > 0 && e->sent < e->plan.sides[e->self].bytes) return 1;
  if (n >= 0) check(vmmc_shutdown(e->s, WS_SD_SEND) == 0 || cut_error(e), n);
  return -1;
}
/** Receives what is there, sometimes only looks. As `send_piece`. */
static int receive_piece(struct end *e, uint64_t *random) {
  static __thread uint8_t buffer[PIECE];
  uint32_t most = random_size(random) % PIECE + 1;
  bool peeks = next_random(random) % 16 == 0;
  int32_t n = vmmc_recv(e->s, ADDRESS(buffer), (int32_t)most, peeks ? WS_MSG_PEEK : 0);
  if (n < 0 && (vmmc_WSAGetLastError() == WS_WSAEWOULDBLOCK || vmmc_WSAGetLastError() == WS_WSAETIMEDOUT)) return 0;
  check(n >= 0 || cut_error(e), n);
  for (int32_t i = 0; i < n; i++) check(buffer[i] == pattern(stream_of(e, 1 - e->self), e->received + (uint32_t)i), e->received + (uint32_t)i);
  if (n > 0 && !peeks) e->received += (uint32_t)n;
  return n > 0 ? 1 : -1;
}
static void *sender(void *argument) {
  struct end *e = argument;
  while (send_piece(e, &e->sender_random) > 0) {}
  return NULL;
}
static void with_two_threads(struct end *e) {
  pthread_t other = start_thread(sender, e);
  uint32_t patience = next_random(&e->random) % 4 ? 0 : 2; /* ms */
  vmmc_setsockopt(e->s, WS_SOL_SOCKET, WS_SO_RCVTIMEO, ADDRESS(&patience), sizeof patience);
  while (!quits(e) && receive_piece(e, &e->random) >= 0) {}
  if (quits(e)) vmmc_shutdown(e->s, WS_SD_SEND); /* the sender may sleep: it is to notice */
  pthread_join(other, NULL);
}
static void with_select(struct end *e) {
  uint32_t on = 1;
  bool sends = true, receives = true;
  check(vmmc_ioctlsocket(e->s, (int32_t)WS_FIONBIO, ADDRESS(&on)) == 0, 0);
  while ((sends || receives) && !quits(e)) {
    SET(2) reads = { 0 }, writes = { 0 }, excepts = { 1, { e->s } };
    int32_t time[2] = { 0, (int32_t)(next_random(&e->random) % 2000) };
    if (next_random(&e->random) % 2) reads.sockets[reads.count++] = idle;
    if (receives) reads.sockets[reads.count++] = e->s;
    if (sends) writes.sockets[writes.count++] = e->s;
    int32_t ready = vmmc_select(0, ADDRESS(&reads), ADDRESS(&writes), ADDRESS(&excepts), next_random(&e->random) % 4 ? 0 : ADDRESS(time));
    check(ready >= 0 && (uint32_t)ready == reads.count + writes.count + excepts.count, ready);
    if (excepts.count) check(is_cut(e), ready);
    for (uint32_t n = 0; n < reads.count; n++) check(reads.sockets[n] == e->s, n);
    if (writes.count) sends = send_piece(e, &e->random) >= 0;
    if (reads.count) receives = receive_piece(e, &e->random) >= 0;
  }
}
static void work(sock s, int self, uint64_t seed) {
  struct end e = { s, self, make_plan(seed), seed + (uint64_t)self, seed - (uint64_t)self };
  if (next_random(&e.random) % 8 == 0) usleep(next_random(&e.random) % 500);
  if (e.plan.sides[self].selects) with_select(&e);
  else with_two_threads(&e);
  if (!is_cut(&e)) {
    check(e.sent == e.plan.sides[self].bytes, e.sent);
    check(e.received == e.plan.sides[1 - self].bytes, e.received);
  }
  check(vmmc_closesocket(s) == 0, s);
  totals->bytes += e.received;
  if (self == 0) totals->connections++, totals->cut += is_cut(&e);
}
static void *serve(void *argument) {
  uint64_t seed;
  sock s = (sock)(uintptr_t)argument;
  check(receive_all(s, &seed, sizeof seed), s);
  work(s, 1, seed);
  return NULL;
}
static void *stress_server(void *unused) {
  uint16_t port;
  pthread_t threads[CLIENT_THREADS * 2] = { 0 };
  sock listener = listen_here(&port, 16);
  totals->port = port;
  for (uint32_t n = 0;; n = (n + 1) % (CLIENT_THREADS * 2)) {
    SET(1) reads = { 1, { listener } };
    int32_t time[2] = { 0, 20000 };
    if (vmmc_select(0, ADDRESS(&reads), 0, 0, ADDRESS(time)) <= 0) {
      if (totals->over) break;
      continue;
    }
    sock s = vmmc_accept(listener, 0, 0);
    check(s != NONE, n);
    if (threads[n]) pthread_join(threads[n], NULL);
    threads[n] = start_thread(serve, (void *)(uintptr_t)s);
  }
  for (uint32_t n = 0; n < CLIENT_THREADS * 2; n++) if (threads[n]) pthread_join(threads[n], NULL);
  vmmc_closesocket(listener);
  return unused;
}
struct client { uint64_t random, until; };
static void *stress_client(void *argument) {
  struct client *c = argument;
  while (now_ns() < c->until) {
    uint64_t seed = next_random(&c->random);
    sock s = connect_to(totals->port);
    check(s != NONE, totals->port);
    check(send_all(s, &seed, sizeof seed), s);
    work(s, 0, seed);
  }
  return NULL;
}
static void stress_clients(uint64_t seed, uint32_t seconds) {
  struct client clients[CLIENT_THREADS];
  pthread_t threads[CLIENT_THREADS];
  for (int n = 0; n < CLIENT_THREADS; n++) {
    clients[n] = (struct client){ seed + (uint64_t)n, now_ns() + seconds * 1000000000ull };
    threads[n] = start_thread(stress_client, &clients[n]);
  }
  for (int n = 0; n < CLIENT_THREADS; n++) pthread_join(threads[n], NULL);
}
int stress(uint64_t seed, uint32_t seconds, bool two_processes) {
  totals = shared_memory(sizeof *totals);
  pid_t server = two_processes ? fork() : -1;
  idle = vmmc_socket(WS_AF_INET, WS_SOCK_DGRAM, 0);
  if (server == 0) { stress_server(NULL); exit(0); }
  pthread_t thread = 0;
  if (!two_processes) thread = start_thread(stress_server, NULL);
  while (totals->port == 0) usleep(100);
  stress_clients(seed, seconds);
  totals->over = true;
  if (two_processes) reap(server, false);
  else pthread_join(thread, NULL);
  printf("connections=%llu cut=%llu bytes=%llu\n", totals->connections, totals->cut, totals->bytes);
  return 0;
}
