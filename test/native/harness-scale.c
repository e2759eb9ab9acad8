/* One mode of the harness (see harness.c): very many connections between two processes, of which almost all are idle. */
#include "harness.h"
#include <sys/resource.h>
#include <sys/stat.h>

enum { SIZE = 64, BLOCKED = 512 }; /* bytes of a message; of a file system's block, as stat counts them */
/** What the client, which leads, asks of the server: one thing at a time. */
enum order { NOTHING, ACCEPT, ECHO, ECHO_EACH, CLOSE_REST, END };
struct plan { _Atomic uint16_t port; _Atomic uint32_t order, done; uint32_t count, which; };
static struct plan *plan;
/* A process may not have enough open files for all connections. Then the first pair of processes, which measures, has as many as
 * it can, and others hold the rest. */
enum { PAIRS = 8 };
struct stage { struct plan plans[PAIRS]; _Atomic uint32_t go, holding, over; };
static struct stage *stage;

static void order(enum order what, uint32_t which, uint32_t count) {
  plan->which = which;
  plan->count = count;
  plan->order = what;
}
static void await_done(void) {
  while (plan->done == 0) usleep(20);
  plan->done = 0;
}
/** `count` processes' numbers 0 to count - 1 in an order that looks like none. */
static uint32_t scattered(uint32_t n, uint32_t count) { return (uint32_t)(((uint64_t)n * 7919 + 13) % count); }

static void echo(sock s, uint32_t rounds) {
  uint8_t message[SIZE];
  while (rounds-- > 0) check(receive_all(s, message, SIZE) && send_all(s, message, SIZE), rounds);
}
static void ask(sock s, uint32_t connection, uint32_t round) {
  uint8_t message[SIZE], answer[SIZE];
  for (uint32_t i = 0; i < SIZE; i++) message[i] = pattern(connection * 1000003ull + round, i);
  check(send_all(s, message, SIZE) && receive_all(s, answer, SIZE), connection);
  check(!memcmp(message, answer, SIZE), connection);
}
static void scale_server(uint32_t most) {
  sock *all = calloc(most, sizeof *all);
  uint32_t held = 0;
  uint16_t port;
  sock listener = listen_here(&port, 4096);
  plan->port = port;
  for (;;) {
    while (plan->order == NOTHING) usleep(20);
    enum order what = plan->order;
    plan->order = NOTHING;
    if (what == ACCEPT)
      for (uint32_t n = 0; n < plan->count; n++) {
        check((all[held] = vmmc_accept(listener, 0, 0)) != NONE, held);
        echo(all[held++], 1);
      }
    if (what == ECHO) echo(all[plan->which], plan->count);
    if (what == ECHO_EACH) for (uint32_t n = 0; n < plan->count; n++) echo(all[scattered(n, plan->count)], 1);
    if (what == CLOSE_REST) while (held > 1) vmmc_closesocket(all[--held]);
    plan->done = 1;
    if (what == END) break;
  }
  vmmc_closesocket(all[0]);
  vmmc_closesocket(listener);
  free(all);
}

/* --- Memory --- */
/** A figure (bytes) of /proc/PID/FILE. */
static uint64_t figure(pid_t process, const char *file, const char *name) {
  char path[64], line[256];
  uint64_t kib = 0;
  snprintf(path, sizeof path, "/proc/%d/%s", process, file);
  FILE *text = fopen(path, "r");
  check(text, process);
  while (fgets(line, sizeof line, text))
    if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':') kib = strtoull(line + strlen(name) + 1, NULL, 10);
  fclose(text);
  return kib * 1024;
}
/** Storage of all segments that this process has open. The peer has the same ones open: they count once. */
static uint64_t segment_bytes(uint32_t descriptors) {
  uint64_t bytes = 0;
  for (uint32_t n = 3; n < descriptors; n++) {
    char path[64], name[256];
    struct stat s;
    snprintf(path, sizeof path, "/proc/self/fd/%u", n);
    ssize_t length = readlink(path, name, sizeof name - 1);
    if (length <= 0 || fstat((int)n, &s)) continue;
    name[length] = 0;
    if (strstr(name, "/seg-")) bytes += (uint64_t)s.st_blocks * BLOCKED;
  }
  return bytes;
}
struct memory { uint64_t segments, private, tables; };
static struct memory measure(pid_t server, uint32_t descriptors) {
  struct memory now = { segment_bytes(descriptors), 0, 0 };
  pid_t both[2] = { server, getpid() };
  for (int n = 0; n < 2; n++) {
    now.private += figure(both[n], "smaps_rollup", "Pss_Anon");
    now.tables += figure(both[n], "status", "VmPTE");
  }
  return now;
}

/** Nanoseconds of a round trip on connection 0: the best of many short turns, in which nobody else wanted the processors. */
static double round_trips(sock s, uint32_t rounds) {
  enum { TURN = 250 };
  double best = 1e18;
  order(ECHO, 0, rounds / TURN * TURN);
  for (uint32_t turn = 0; turn < rounds / TURN; turn++) {
    uint64_t began = now_ns();
    for (uint32_t n = 0; n < TURN; n++) ask(s, 0, n);
    double ns = (double)(now_ns() - began) / TURN;
    if (ns < best) best = ns;
  }
  await_done();
  return best;
}
static void lead(uint32_t connections, uint32_t rounds, pid_t server, uint32_t others) {
  sock *all = calloc(connections, sizeof *all);
  uint32_t descriptors = 2 * connections + 1000;
  order(ACCEPT, 0, 1);
  check((all[0] = connect_to(plan->port)) != NONE, 0);
  ask(all[0], 0, 0);
  await_done();
  double alone = round_trips(all[0], rounds);
  struct memory before = measure(server, descriptors);
  order(ACCEPT, 0, connections - 1);
  uint64_t began = now_ns(), after_first_tenth = began, before_last_tenth = began;
  for (uint32_t n = 1; n < connections; n++) {
    if (n == 1 + connections / 10) after_first_tenth = now_ns();
    if (n == connections - connections / 10) before_last_tenth = now_ns();
    check((all[n] = connect_to(plan->port)) != NONE, n);
    ask(all[n], n, 0);
  }
  uint64_t ended = now_ns();
  double rate = (connections - 1) * 1e9 / (double)(ended - began), tenth = connections / 10 * 1e9;
  double first_rate = tenth / (double)(after_first_tenth - began), last_rate = tenth / (double)(ended - before_last_tenth);
  await_done();
  struct memory after = measure(server, descriptors);
  stage->go = 1;
  while (stage->holding != others) usleep(100);
  double among = round_trips(all[0], rounds);
  order(ECHO_EACH, 0, connections);
  for (uint32_t n = 0; n < connections; n++) ask(all[scattered(n, connections)], scattered(n, connections), 1);
  await_done();
  double among_again = round_trips(all[0], rounds);
  stage->over = 1;
  order(CLOSE_REST, 0, 0);
  began = now_ns();
  for (uint32_t n = 1; n < connections; n++) check(vmmc_closesocket(all[n]) == 0, n);
  double close_rate = (connections - 1) * 1e9 / (double)(now_ns() - began);
  await_done();
  double alone_again = round_trips(all[0], rounds);
  order(END, 0, 0);
  await_done();
  vmmc_closesocket(all[0]);
  free(all);
  uint32_t idle = connections - 1;
  printf("measured=%u alone_ns=%.0f alone_again_ns=%.0f among_ns=%.0f among_again_ns=%.0f connects_per_s=%.0f closes_per_s=%.0f\n", connections,
         alone, alone_again, among, among_again, rate, close_rate);
  printf("first_connects_per_s=%.0f last_connects_per_s=%.0f\n", first_rate, last_rate);
  printf("segment_bytes=%llu private_bytes=%llu table_bytes=%llu\n", (unsigned long long)((after.segments - before.segments) / idle),
         (unsigned long long)((after.private - before.private) / idle), (unsigned long long)((after.tables - before.tables) / idle));
}
/** Holds connections that are idle while the first pair measures. */
static void hold(uint32_t connections) {
  sock *all = calloc(connections, sizeof *all);
  while (stage->go == 0) usleep(100);
  order(ACCEPT, 0, connections);
  for (uint32_t n = 0; n < connections; n++) {
    check((all[n] = connect_to(plan->port)) != NONE, n);
    ask(all[n], n, 0);
  }
  await_done();
  stage->holding++;
  while (stage->over == 0) usleep(1000);
  order(ECHO_EACH, 0, connections);
  for (uint32_t n = 0; n < connections; n++) ask(all[scattered(n, connections)], scattered(n, connections), 1);
  await_done();
  order(END, 0, 0);
  await_done();
  for (uint32_t n = 0; n < connections; n++) check(vmmc_closesocket(all[n]) == 0, n);
  free(all);
}
/** The two that measure are kept apart: on one processor they would take turns, and a round trip would be two switches. */
static void stay_on(uint32_t nth) {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed) || CPU_COUNT(&allowed) < 2) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &allowed) && nth-- == 0) CPU_SET(cpu, &one), sched_setaffinity(0, sizeof one, &one);
}
/** How many connections a process may have: each is a kernel socket and a segment's file. */
static uint32_t most_connections(uint32_t wanted) {
  enum { OTHERS = 100 };
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  struct rlimit more = { 2 * wanted + OTHERS, 2 * wanted + OTHERS };
  if (files.rlim_max >= more.rlim_max || setrlimit(RLIMIT_NOFILE, &more) != 0) setrlimit(RLIMIT_NOFILE, &files); /* root may have more */
  getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur > OTHERS ? (uint32_t)(files.rlim_cur - OTHERS) / 2 : 0;
}
int scale(uint32_t connections, uint32_t rounds) {
  uint32_t most = most_connections(connections), first = connections < most ? connections : most, others = 0;
  for (uint32_t rest = connections - first; rest > 0; rest -= rest < most ? rest : most)
    if (most < 2 || ++others == PAIRS) {
      printf("needs=%u open files for %u connections, and a process may have limit=%u\n", 2 * connections, connections, 2 * most);
      return 3;
    }
  stage = shared_memory(sizeof *stage);
  printf("connections=%u pairs=%u\n", connections, others + 1);
  fflush(stdout);
  pid_t children[2 * PAIRS];
  uint32_t started = 0, rest = connections - first;
  for (uint32_t pair = 0; pair <= others; pair++) { /* the parent itself starts no core */
    uint32_t count = pair == 0 ? first : rest < most ? rest : most;
    plan = &stage->plans[pair];
    pid_t server = children[started++] = fork();
    if (server == 0) {
      if (pair == 0) stay_on(0);
      scale_server(count);
      exit(0);
    }
    while (plan->port == 0) usleep(100);
    pid_t client = children[started++] = fork();
    if (client == 0) {
      if (pair == 0) stay_on(1), lead(count, rounds, server, others);
      else hold(count);
      exit(0);
    }
    if (pair > 0) rest -= count;
  }
  while (started > 0) reap(children[--started], false);
  return 0;
}
