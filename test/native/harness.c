/* Drives the core as a Linux shared object, in real processes and threads:
 *   harness pingpong ROUNDS             64-byte round trips: user-level, over the kernel, and of the bare cache line
 *   harness stress SEED SECONDS 1|2     every kind of traffic at once, every byte checked, in one process or two
 *   harness many N                      N connections at the same time to a select server
 *   harness scale N ROUNDS              memory, round trips and connection rate with N connections, nearly all idle
 *   harness close SEED ROUNDS           a socket is closed while other threads sleep in its calls
 *   harness kill SEED ROUNDS            one of two busy processes is killed at a random moment
 *   harness leave SEED ROUNDS           a process ends while threads of it begin
 *   harness hook ROUNDS                 a blocking hook ends calls that wait
 *   harness later SEED ROUNDS           operations that go on after their calls, some on sockets that are closed
 *   harness start                       starts the core and ends, as the next program of the user would
 * Ends with 0 when all was right, with 3 when the machine's limits do not allow it, else with 1 and a message. */
#include "harness.h"
#include <sys/resource.h>

void fail(const char *what, long value) {
  fprintf(stderr, "harness: process %d: %s (value %ld, last error %d, errno %d)\n", getpid(), what, value, vmmc_WSAGetLastError(), errno);
  _exit(1);
}
uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
struct address { uint16_t family, port; uint32_t host; uint8_t zero[8]; };
_Static_assert(sizeof(struct address) == 16, "sockaddr_in");
static struct address here(uint16_t port) {
  static const uint8_t loopback[4] = { 127, 0, 0, 1 };
  struct address a = { (uint16_t)WS_AF_INET, port };
  memcpy(&a.host, loopback, sizeof loopback);
  return a;
}
sock listen_here(uint16_t *port, int backlog) {
  struct address a = here(0);
  int32_t length = sizeof a;
  sock s = vmmc_socket(WS_AF_INET, WS_SOCK_STREAM, 0);
  check(vmmc_bind(s, ADDRESS(&a), sizeof a) == 0, s);
  check(vmmc_listen(s, backlog) == 0, s);
  check(vmmc_getsockname(s, ADDRESS(&a), ADDRESS(&length)) == 0, s);
  *port = a.port;
  return s;
}
sock connect_to(uint16_t port) {
  struct address a = here(port);
  sock s = vmmc_socket(WS_AF_INET, WS_SOCK_STREAM, 0);
  check(s != NONE, port);
  if (vmmc_connect(s, ADDRESS(&a), sizeof a) == 0) return s;
  vmmc_closesocket(s);
  return NONE;
}
bool send_all(sock s, const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    int32_t n = vmmc_send(s, ADDRESS(bytes) + done, (int32_t)(length - done), 0);
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}
bool receive_all(sock s, void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    int32_t n = vmmc_recv(s, ADDRESS(bytes) + done, (int32_t)(length - done), 0);
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}
pthread_t start_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run, argument);
  check(error == 0, error);
  return thread;
}
void reap(pid_t child, bool killed) {
  int status = 0;
  check(waitpid(child, &status, 0) == child, child);
  check(killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0, status);
}
void *shared_memory(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, bytes);
  return memory;
}

/* --- pingpong --- */
enum { MESSAGE = 64 };
struct meeting { _Atomic uint16_t port; _Alignas(128) atomic_uint ball; };
static void await_port(struct meeting *m) { while (m->port == 0) usleep(100); }
static void echo_server(struct meeting *m) {
  uint16_t port;
  uint8_t message[MESSAGE];
  sock listener = listen_here(&port, 5);
  m->port = port;
  sock s = vmmc_accept(listener, 0, 0);
  while (receive_all(s, message, MESSAGE)) check(send_all(s, message, MESSAGE), 0);
  vmmc_closesocket(s);
  vmmc_closesocket(listener);
}
static double round_trip(uint32_t rounds, const char *disable) {
  struct meeting *m = shared_memory(sizeof *m);
  setenv("VMMC_DISABLE", disable, 1);
  fflush(stdout);
  pid_t server = fork();
  if (server == 0) { echo_server(m); exit(0); }
  await_port(m);
  int ends[2];
  double ns = 0;
  check(pipe(ends) == 0, 0);
  pid_t client = fork(); /* the parent itself starts no core */
  if (client == 0) {
    sock s = connect_to(m->port);
    uint64_t began = 0;
    for (uint32_t n = 0; n < rounds + rounds / 4; n++) {
      uint8_t message[MESSAGE], answer[MESSAGE];
      if (n == rounds / 4) began = now_ns();
      for (uint32_t i = 0; i < MESSAGE; i++) message[i] = pattern(n, i);
      check(send_all(s, message, MESSAGE) && receive_all(s, answer, MESSAGE), n);
      check(!memcmp(message, answer, MESSAGE), n);
    }
    ns = (double)(now_ns() - began) / rounds;
    vmmc_closesocket(s);
    check(write(ends[1], &ns, sizeof ns) == sizeof ns, 0);
    exit(0);
  }
  reap(client, false);
  check(read(ends[0], &ns, sizeof ns) == sizeof ns, 0);
  reap(server, false);
  return ns;
}
/** Two processes hand one word to and fro; returns nanoseconds for each round trip. */
static double bare_line(uint32_t rounds) {
  struct meeting *m = shared_memory(sizeof *m);
  pid_t child = fork();
  uint64_t began = now_ns();
  for (uint32_t n = child == 0 ? 1 : 0; n < 2 * rounds; n += 2) {
    if (child != 0) atomic_store_explicit(&m->ball, n + 1, memory_order_release);
    for (uint32_t spins = 1; atomic_load_explicit(&m->ball, memory_order_acquire) != (child == 0 ? n : n + 2); spins++) {
      if (spins % 100000 == 0) sched_yield();
      __builtin_ia32_pause();
    }
    if (child == 0) atomic_store_explicit(&m->ball, n + 1, memory_order_release);
  }
  if (child == 0) _exit(0);
  double ns = (double)(now_ns() - began) / rounds;
  reap(child, false);
  return ns;
}
static int pingpong(uint32_t rounds) {
  double user = round_trip(rounds, "0"), kernel = round_trip(rounds, "1");
  printf("user_ns=%.0f kernel_ns=%.0f line_ns=%.0f\n", user, kernel, bare_line(rounds * 10));
  return 0;
}

/* --- many --- */
enum { MANY = 16384, MANY_ROUNDS = 3 };
static void select_server(struct meeting *m, uint32_t connections) {
  static SET(MANY) wanted, ready;
  uint16_t port;
  sock listener = listen_here(&port, 1024);
  m->port = port;
  wanted.sockets[wanted.count++] = listener;
  for (uint32_t ended = 0; ended < connections;) {
    memcpy(&ready, &wanted, sizeof ready);
    check(vmmc_select(0, ADDRESS(&ready), 0, 0, 0) > 0, ended);
    for (uint32_t n = 0; n < ready.count; n++) {
      sock s = ready.sockets[n];
      uint8_t message[MESSAGE];
      if (s == listener) {
        wanted.sockets[wanted.count] = vmmc_accept(listener, 0, 0);
        check(wanted.sockets[wanted.count++] != NONE, wanted.count);
        continue;
      }
      int32_t got = vmmc_recv(s, ADDRESS(message), MESSAGE, 0);
      check(got >= 0, got);
      if (got > 0) { check(send_all(s, message, (size_t)got), got); continue; }
      vmmc_closesocket(s);
      for (uint32_t i = 1; i < wanted.count; i++) if (wanted.sockets[i] == s) { wanted.sockets[i] = wanted.sockets[--wanted.count]; break; }
      ended++;
    }
  }
}
static void many_client(uint16_t port, uint32_t connections) {
  static sock all[MANY];
  for (uint32_t n = 0; n < connections; n++) check((all[n] = connect_to(port)) != NONE, n);
  for (uint32_t round = 0; round < MANY_ROUNDS; round++) {
    for (uint32_t n = 0; n < connections; n++) {
      uint8_t message[MESSAGE];
      for (uint32_t i = 0; i < MESSAGE; i++) message[i] = pattern(n * MANY_ROUNDS + round, i);
      check(send_all(all[n], message, MESSAGE), n);
    }
    for (uint32_t n = 0; n < connections; n++) {
      uint8_t answer[MESSAGE];
      check(receive_all(all[n], answer, MESSAGE), n);
      for (uint32_t i = 0; i < MESSAGE; i++) check(answer[i] == pattern(n * MANY_ROUNDS + round, i), n);
    }
  }
  for (uint32_t n = 0; n < connections; n++) vmmc_closesocket(all[n]);
}
static int many(uint32_t connections) {
  struct rlimit files;
  struct meeting *m = shared_memory(sizeof *m);
  check(connections < MANY, connections);
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  pid_t server = fork();
  if (server == 0) { select_server(m, connections); exit(0); }
  await_port(m);
  pid_t client = fork();
  if (client == 0) { many_client(m->port, connections); exit(0); }
  reap(client, false);
  reap(server, false);
  printf("connections=%u bytes=%u\n", connections, connections * MANY_ROUNDS * MESSAGE);
  return 0;
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  uint64_t first = count > 2 ? strtoull(arguments[2], NULL, 0) : 0, second = count > 3 ? strtoull(arguments[3], NULL, 0) : 0;
  if (!strcmp(mode, "pingpong") && first) return pingpong((uint32_t)first);
  if (!strcmp(mode, "stress") && count > 4) return stress(first, (uint32_t)second, atoi(arguments[4]) == 2);
  if (!strcmp(mode, "many") && first) return many((uint32_t)first);
  if (!strcmp(mode, "scale") && first > 1 && second) return scale((uint32_t)first, (uint32_t)second);
  if (!strcmp(mode, "close") && second) return close_rounds(first, (uint32_t)second);
  if (!strcmp(mode, "kill") && second) return kill_rounds(first, (uint32_t)second);
  if (!strcmp(mode, "leave") && second) return leave_rounds(first, (uint32_t)second);
  if (!strcmp(mode, "hook") && first) return hook_rounds((uint32_t)first);
  if (!strcmp(mode, "later") && second) return later_rounds(first, (uint32_t)second);
  if (!strcmp(mode, "start")) return vmmc_start() ? 0 : 1;
  fprintf(stderr, "usage: harness pingpong ROUNDS | stress SEED SECONDS 1|2 | many N | scale N ROUNDS | close SEED ROUNDS | kill SEED ROUNDS | leave SEED ROUNDS | hook ROUNDS | later SEED ROUNDS | start\n");
  return 2;
}
