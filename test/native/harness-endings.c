/* Modes of the harness (see harness.c) in which calls end early: sockets closed under sleeping threads, killed processes, processes that
 * end, and blocking hooks. */
#include "harness.h"
#include <dirent.h>

/* --- close --- */
static void *sleeps_in_recv(void *argument) {
  uint8_t byte;
  int32_t got = vmmc_recv((sock)(uintptr_t)argument, ADDRESS(&byte), 1, 0);
  check(got <= 0, got);
  return NULL;
}
static void *sleeps_in_send(void *argument) {
  static uint8_t bytes[1 << 16];
  while (send_all((sock)(uintptr_t)argument, bytes, sizeof bytes)) {}
  return NULL;
}
static void *sleeps_in_select(void *argument) {
  SET(1) reads = { 1, { (sock)(uintptr_t)argument } };
  vmmc_select(0, ADDRESS(&reads), 0, 0, 0); /* what it says does not matter, as long as it comes back */
  return NULL;
}
int close_rounds(uint64_t seed, uint32_t rounds) {
  void *(*const sleepers[])(void *) = { sleeps_in_recv, sleeps_in_recv, sleeps_in_send, sleeps_in_send, sleeps_in_select };
  static uint8_t rest[1 << 16];
  uint16_t port;
  sock listener = listen_here(&port, 5);
  for (uint32_t round = 0; round < rounds; round++) {
    pthread_t threads[5];
    uint8_t byte = 1;
    uint32_t asleep = 0;
    sock a = connect_to(port), b = vmmc_accept(listener, 0, 0);
    check(send_all(a, &byte, 1) && receive_all(b, &byte, 1) && send_all(b, &byte, 1) && receive_all(a, &byte, 1), round);
    for (uint32_t n = 0; n < 5; n++)
      if (next_random(&seed) % 2) threads[asleep++] = start_thread(sleepers[n], (void *)(uintptr_t)a);
    usleep(next_random(&seed) % 400);
    check(vmmc_closesocket(a) == 0, round);
    while (vmmc_recv(b, ADDRESS(rest), sizeof rest, 0) > 0) {}
    vmmc_closesocket(b);
    while (asleep > 0) pthread_join(threads[--asleep], NULL);
  }
  vmmc_closesocket(listener);
  printf("rounds=%u\n", rounds);
  return 0;
}

/* --- kill: connections come and go between two processes until one of them is no more --- */
struct stage { _Atomic uint16_t port; atomic_bool over; };
static struct stage *stage;
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
  stage->port = port;
  while (!stage->over) {
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
    sock s = connect_to(stage->port);
    if (s == NONE) return NULL;
    for (uint64_t rounds = next_random(&random) % 20; rounds > 0; rounds--) {
      uint32_t length = random_size(&random) % sizeof bytes + 1;
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
    stage = shared_memory(sizeof *stage);
    pid_t server = fork();
    if (server == 0) { kill_server(); exit(0); }
    while (stage->port == 0) usleep(50);
    pid_t client = fork();
    if (client == 0) { kill_clients(next_random(&random)); exit(0); }
    next_random(&random);
    usleep(next_random(&random) % 4 ? next_random(&random) % 6000 : next_random(&random) % 50000);
    bool server_dies = next_random(&random) % 2 == 0;
    kill(server_dies ? server : client, SIGKILL);
    stage->over = true;
    reap(server_dies ? server : client, true);
    await_end(server_dies ? client : server, server_dies ? "the client does not notice that the server was killed" : "the server does not end");
    munmap(stage, sizeof *stage);
  }
  printf("rounds=%u\n", rounds);
  return 0;
}

/* --- leave --- */
/** Fails if there is a bell in the folder: no process has one any more. */
static void no_bells(uint32_t round) {
  DIR *folder = opendir(getenv("VMMC_DIR"));
  check(folder, round);
  for (struct dirent *entry; (entry = readdir(folder));)
    if (!strncmp(entry->d_name, "bell-", 5)) fail(entry->d_name, round);
  closedir(folder);
}
/** Ends while the thread that an acceptor's close has started, and another that waits for the first time, begin. */
static void leave(uint64_t random) {
  uint16_t port;
  sock listener = listen_here(&port, 5), ends[2][2];
  for (int n = 0; n < 2; n++) check((ends[n][0] = connect_to(port)) != NONE && (ends[n][1] = vmmc_accept(listener, 0, 0)) != NONE, n);
  start_thread(sleeps_in_recv, (void *)(uintptr_t)ends[0][0]);
  vmmc_closesocket(ends[1][1]);
  for (uint64_t until = now_ns() + random % 200000; now_ns() < until;) {}
  exit(0);
}
int leave_rounds(uint64_t seed, uint32_t rounds) {
  for (uint32_t round = 0; round < rounds; round++) {
    uint64_t random = next_random(&seed);
    pid_t child = fork();
    if (child == 0) leave(random);
    reap(child, false);
    no_bells(round);
  }
  printf("rounds=%u\n", rounds);
  return 0;
}

/* --- hook --- */
static sock hooked;
static uint32_t hook_calls;
/** What an application may do in its hook while `recv` waits, and in the end: cancels that. */
static uintptr_t hook(void) {
  uint8_t byte;
  SET(1) reads = { 1, { hooked } };
  check(vmmc_WSAIsBlocking() == 1, hook_calls);
  check(vmmc_recv(hooked, ADDRESS(&byte), 1, 0) == -1 && vmmc_WSAGetLastError() == WS_WSAEINPROGRESS, vmmc_WSAGetLastError());
  check(vmmc_select(0, ADDRESS(&reads), 0, 0, 0) == -1 && vmmc_WSAGetLastError() == WS_WSAEINPROGRESS, vmmc_WSAGetLastError());
  check(vmmc_send(hooked, ADDRESS(&byte), 1, 0) == 1, hook_calls);
  if (++hook_calls % 3 != 0) return hook_calls % 3 == 1;
  check(vmmc_WSACancelBlockingCall() == 0, hook_calls);
  return 1;
}
int hook_rounds(uint32_t rounds) {
  uint16_t port;
  uint8_t bytes[16];
  sock listener = listen_here(&port, 5), other;
  check((hooked = connect_to(port)) != NONE && (other = vmmc_accept(listener, 0, 0)) != NONE, 0);
  vmmc_WSASetBlockingHook(ADDRESS(hook));
  for (uint32_t round = 0; round < rounds; round++) {
    check(vmmc_recv(hooked, ADDRESS(bytes), sizeof bytes, 0) == -1 && vmmc_WSAGetLastError() == WS_WSAEINTR, vmmc_WSAGetLastError());
    check(hook_calls == 3 * (round + 1) && vmmc_WSAIsBlocking() == 0, hook_calls);
    check(receive_all(other, bytes, 3) && send_all(other, bytes, 5), round);
    check(receive_all(hooked, bytes, 5), round);
  }
  vmmc_WSAUnhookBlockingHook();
  vmmc_closesocket(other);
  check(vmmc_recv(hooked, ADDRESS(bytes), 1, 0) == 0 && hook_calls == 3 * rounds, hook_calls);
  vmmc_closesocket(hooked);
  vmmc_closesocket(listener);
  printf("rounds=%u\n", rounds);
  return 0;
}
