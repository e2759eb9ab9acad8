/* Two modes of the harness (see harness.c): all kinds of traffic at once, and killed processes. */
#include "harness.h"

enum { CLIENT_THREADS = 4, MOST_BYTES = 400000, PIECE = 70000 };

/* --- stress: what a connection does follows from its seed, which the client sends first --- */
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

static uint32_t some_bytes(uint64_t *random) { /* small ones as often as large ones */
  return (uint32_t)next_random(random) % (2u << next_random(random) % 18) % MOST_BYTES;
}
static struct plan make_plan(uint64_t seed) {
  uint64_t random = seed;
  struct plan plan = { seed };
  for (int i = 0; i < 2; i++) plan.sides[i] = (struct side){ some_bytes(&random), UINT32_MAX, next_random(&random) % 2 == 0 };
  uint64_t quitter = next_random(&random) % 8; /* two in eight connections are cut short */
  if (quitter < 2) plan.sides[quitter].quits_after = (uint32_t)next_random(&random) % (plan.sides[1 - quitter].bytes + 1);
  return plan;
}
static bool is_cut(const struct end *e) { return e->plan.sides[0].quits_after != UINT32_MAX || e->plan.sides[1].quits_after != UINT32_MAX; }
static bool quits(const struct end *e) { return e->received >= e->plan.sides[e->self].quits_after; }
static uint64_t stream_of(const struct end *e, int side) { return e->plan.seed ^ (side ? 0x5555555555555555 : 0); }
/** A socket that somebody else's process could not use as well; errors that only a connection cut short may give. */
static bool cut_error(const struct end *e) {
  int32_t error = vmmc_WSAGetLastError();
  return is_cut(e) && (error == WS_WSAECONNRESET || error == WS_WSAECONNABORTED || error == WS_WSAESHUTDOWN || error == WS_WSAENOTCONN);
}
/** Sends the next piece. 1: some; 0: would block; -1: all is sent, or nothing more can be. */
static int send_piece(struct end *e, uint64_t *random) {
  static __thread uint8_t buffer[PIECE];
  uint32_t rest = e->plan.sides[e->self].bytes - e->sent, bytes = some_bytes(random) % PIECE + 1;
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
  uint32_t most = some_bytes(random) % PIECE + 1;
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
  pthread_t threads[CLIENT_THREADS * 2] = { 0 }; /* more than can be alive at once, nearly */
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
static void *stress_idle(void) {
  idle = vmmc_socket(WS_AF_INET, WS_SOCK_DGRAM, 0);
  return NULL;
}
int stress(uint64_t seed, uint32_t seconds, bool two_processes) {
  totals = shared_memory(sizeof *totals);
  pid_t server = two_processes ? fork() : -1;
  stress_idle();
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

/* --- kill: connections come and go between two processes until one of them is no more --- */
static void *echo(void *argument) {
  uint8_t bytes[5000];
  sock s = (sock)(uintptr_t)argument;
  for (int32_t n; (n = vmmc_recv(s, ADDRESS(bytes), sizeof bytes, 0)) > 0;)
    if (!send_all(s, bytes, (size_t)n)) break;
  vmmc_closesocket(s);
  return NULL;
}
static void kill_server(void) {
  uint16_t port;
  sock listener = listen_here(&port, 16);
  totals->port = port;
  while (!totals->over) {
    SET(1) reads = { 1, { listener } };
    int32_t time[2] = { 0, 5000 };
    if (vmmc_select(0, ADDRESS(&reads), 0, 0, ADDRESS(time)) > 0) {
      sock s = vmmc_accept(listener, 0, 0);
      if (s != NONE) pthread_detach(start_thread(echo, (void *)(uintptr_t)s));
    }
  }
}
/** Connects and talks again and again until the server is gone, which shows in an error or an end, never in wrong bytes. */
static void *kill_client(void *argument) {
  uint64_t random = (uint64_t)(uintptr_t)argument;
  for (;;) {
    static __thread uint8_t bytes[20000], answer[20000];
    sock s = connect_to(totals->port);
    if (s == NONE) return NULL;
    for (uint64_t rounds = next_random(&random) % 20; rounds > 0; rounds--) {
      uint32_t length = some_bytes(&random) % sizeof bytes + 1;
      for (uint32_t i = 0; i < length; i++) bytes[i] = pattern(random, i);
      if (!send_all(s, bytes, length) || !receive_all(s, answer, length)) {
        vmmc_closesocket(s);
        return NULL;
      }
      check(!memcmp(bytes, answer, length), length);
    }
    vmmc_closesocket(s);
  }
}
static void kill_clients(uint64_t seed) {
  pthread_t threads[3];
  for (int n = 0; n < 3; n++) threads[n] = start_thread(kill_client, (void *)(uintptr_t)(seed + (uint64_t)n));
  for (int n = 0; n < 3; n++) pthread_join(threads[n], NULL);
}
/** Waits for the survivor, which has to notice by itself. */
static void await_end(pid_t survivor, const char *who) {
  for (uint64_t until = now_ns() + 20000000000ull; now_ns() < until; usleep(500)) {
    int status;
    if (waitpid(survivor, &status, WNOHANG) != survivor) continue;
    check(status == 0, status);
    return;
  }
  kill(survivor, SIGABRT);
  fail(who, survivor);
}
int kill_rounds(uint64_t seed, uint32_t rounds) {
  uint64_t random = seed;
  for (uint32_t round = 0; round < rounds; round++) {
    totals = shared_memory(sizeof *totals);
    pid_t server = fork();
    if (server == 0) { kill_server(); exit(0); }
    while (totals->port == 0) usleep(50);
    pid_t client = fork();
    if (client == 0) { kill_clients(next_random(&random)); exit(0); }
    next_random(&random);
    usleep(next_random(&random) % 4 ? next_random(&random) % 6000 : next_random(&random) % 50000);
    bool server_dies = next_random(&random) % 2 == 0;
    kill(server_dies ? server : client, SIGKILL);
    totals->over = true;
    reap(server_dies ? server : client, true);
    await_end(server_dies ? client : server, server_dies ? "the client does not notice that the server was killed" : "the server does not end");
    munmap(totals, sizeof *totals);
  }
  printf("rounds=%u\n", rounds);
  return 0;
}
