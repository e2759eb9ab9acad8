/*
 * A node of a storm: server and client at once, with children that are the same and die.
 *
 *   storm node --port N --nodes N --ports N --own I --seconds T --seed S --threads K --x64 EXE --ia32 EXE
 *              --complaints FILE                                  survives
 *   storm child ... [--end-us N --how terminate|exit|crash]       may end at any time
 *   storm leaf ...                                                is only a client, for a second
 *
 * Ports from --port on: the first --nodes of them are the nodes', who live to the end; the others the children's, one
 * after the other on each. A node listens on port + own, has K threads that connect to any of the ports, and one that
 * starts children on its second port (own + nodes), of either kind of processor, and kills them or lets them end
 * themselves. Children do as nodes do, and start leaves, which outlive them.
 *
 * A connection begins with a plan (see Plan): how many bytes go each way, in which manner, and whether the client will
 * leave early. Every byte is checked where it arrives: it follows from the plan and its position. Between two nodes
 * everything must be right to the end; a child may be cut off, but what comes from it must be right as well.
 *
 * A node begins with the first line of its standard input, says `clients-done ...` when its time is over, goes on serving
 * until its standard input ends, and then says `ended ...` and how much was right, wrong and cut.
 */
#define FD_SETSIZE 256
#include "mortal-stream.h"

enum { UNTIL_HALF, IN_TURNS, AT_ONCE, MANNERS };
enum { PLAN_MAGIC = 0x53544f52 };

typedef struct {
  uint32_t magic, mortal, manner, leaves;  // leaves: the client closes abruptly after so many bytes of its own, if not 0
  uint64_t name, up, down;
} Plan;

static struct {
  int port, nodes, ports, own, threads, mortal;
  double until;
  uint64_t seed;
  const char *exe[2], *complaints;
} storm;
static volatile LONG good, cut, refused, wrong, serving, started, kills, stuck;
static volatile LONGLONG total_bytes;

static void say(const char *what) {
  printf("%s serving=%ld\n", what, serving);
  fflush(stdout);
}

/* Into a file, as nobody reads what children print. */
static void complain(const char *what, const Plan *plan, uint64_t at) {
  char line[300];
  DWORD error = (DWORD)WSAGetLastError(), written;
  int length = snprintf(line, sizeof line, "pid=%lu mortal=%d wrong=%s up=%llu down=%llu manner=%u leaves=%u at=%llu error=%s\n",
                        GetCurrentProcessId(), storm.mortal, what, (unsigned long long)plan->up, (unsigned long long)plan->down,
                        plan->manner, plan->leaves, (unsigned long long)at, error_name((int)error));
  InterlockedIncrement(&wrong);
  HANDLE file = CreateFileA(storm.complaints, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
  WriteFile(file, line, (DWORD)length, &written, NULL);
  CloseHandle(file);
}

/* ---- one direction ------------------------------------------------------------------------------------------- */

typedef struct {
  SOCKET s;
  uint64_t name, bytes, random, done;
  int altered;
} Way;

static int random_piece(Way *way) {
  uint64_t value = random_next(&way->random);
  uint64_t piece = 1 + (value >> 8) % (1u << (value % 17)), left = way->bytes - way->done;
  return (int)(piece < left ? piece : left);
}

/* 1: all went; 0: an error. */
static int write_way(Way *way) {
  char *buffer = malloc(PIECE);
  int fine = 1;
  while (fine && way->done < way->bytes) {
    int piece = random_piece(way);
    stream_fill(way->name, way->done + 8, buffer, piece);
    fine = send_all(way->s, buffer, piece);
    if (fine) way->done += (uint64_t)piece;
  }
  free(buffer);
  return fine;
}

/* 1: all came; 0: an error or an end before. */
static int read_way(Way *way) {
  char *buffer = malloc(PIECE), *expected = malloc(PIECE);
  int fine = 1;
  while (fine && way->done < way->bytes) {
    int got = recv(way->s, buffer, random_piece(way), 0);
    if (got <= 0) {
      fine = 0;
      break;
    }
    stream_fill(way->name, way->done + 8, expected, got);
    if (memcmp(buffer, expected, (size_t)got)) way->altered = 1;
    way->done += (uint64_t)got;
  }
  free(buffer);
  free(expected);
  return fine;
}

static DWORD WINAPI write_thread(void *argument) {
  return (DWORD)write_way(argument);
}

/* Both directions in the plan's manner. 1: all is through. */
static int exchange(SOCKET s, const Plan *plan, int client, Way *in, Way *out) {
  uint64_t up = plan->name, down = plan->name ^ 0xffff;
  uint64_t leaves = client && plan->leaves ? plan->leaves : UINT64_MAX;
  *out = (Way){s, client ? up : down, client ? plan->up : plan->down, plan->name + 3, 0, 0};
  *in = (Way){s, client ? down : up, client ? plan->down : plan->up, plan->name + 5, 0, 0};
  if (leaves < out->bytes) out->bytes = leaves;
  if (plan->manner == AT_ONCE) {
    DWORD wrote = 0;
    HANDLE thread = CreateThread(NULL, 1 << 18, write_thread, out, 0, NULL);
    if (!thread) fail("CreateThread");
    // One that leaves reads nothing: bytes unread make its close abrupt.
    int read = leaves != UINT64_MAX || read_way(in);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &wrote);
    CloseHandle(thread);
    return read && wrote;
  }
  if (!client) {
    if (!read_way(in)) return 0;
    if (plan->manner == UNTIL_HALF) {
      char more;
      if (recv(s, &more, 1, 0) != 0) return 0;
    }
    return write_way(out);
  }
  if (!write_way(out)) return 0;
  if (leaves != UINT64_MAX) return 1;
  if (plan->manner == UNTIL_HALF && shutdown(s, STOP_SENDING)) return 0;
  return read_way(in);
}

/* The server closes when all is through: after the last byte comes the end, and nothing else. */
static int ends_in_order(SOCKET s) {
  char more;
  return recv(s, &more, 1, 0) == 0;
}

/* ---- server -------------------------------------------------------------------------------------------------- */

static void count_end(const Plan *plan, int fine, int excused, const Way *in, const Way *out) {
  InterlockedAdd64(&total_bytes, (LONGLONG)(in->done + out->done));
  if (in->altered) complain("altered", plan, in->done);
  else if (fine) InterlockedIncrement(&good);
  else if (excused) InterlockedIncrement(&cut);
  else complain("broken-off", plan, in->done);
}

static DWORD WINAPI serve(void *argument) {
  SOCKET s = (SOCKET)argument;
  Plan plan = {0};
  Way in = {0}, out = {0};
  // A child may die before its plan is sent; a node that connects always sends one.
  if (recv_all(s, &plan, sizeof plan)) {
    if (plan.magic != PLAN_MAGIC || plan.manner >= MANNERS) complain("plan", &plan, 0);
    else {
      int fine = exchange(s, &plan, 0, &in, &out);
      count_end(&plan, fine, plan.mortal || plan.leaves, &in, &out);
    }
  } else InterlockedIncrement(&cut);
  closesocket(s);
  InterlockedDecrement(&serving);
  return 0;
}

static DWORD WINAPI accept_thread(void *argument) {
  SOCKET listener = (SOCKET)argument;
  for (;;) {
    SOCKET s = accept(listener, NULL, NULL);
    if (s == INVALID_SOCKET) return 0;  // closed: the end of the storm
    InterlockedIncrement(&serving);
    HANDLE thread = CreateThread(NULL, 1 << 18, serve, (void *)s, 0, NULL);
    if (!thread) fail("CreateThread");
    CloseHandle(thread);
  }
}

/* ---- client -------------------------------------------------------------------------------------------------- */

static void one_connection(uint64_t *random) {
  uint64_t value = random_next(random);
  int target = (int)((value & 0xffff) % (uint64_t)storm.ports), to_mortal = target >= storm.nodes;
  struct sockaddr_in address = address_of("127.0.0.1", storm.port + target);
  Plan plan = {PLAN_MAGIC, (uint32_t)storm.mortal, (uint32_t)((value >> 16) % MANNERS), 0, random_next(random), 0, 0};
  plan.up = (random_next(random) >> 8) % (1u << (value >> 20) % 19);
  plan.down = (random_next(random) >> 8) % (1u << (value >> 28) % 19);
  if ((value >> 36) % 8 == 0 && plan.up > 1) plan.leaves = 1 + (uint32_t)((value >> 40) % plan.up);
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  if (s == INVALID_SOCKET) fail("socket");
  if (connect(s, (struct sockaddr *)&address, sizeof address)) {
    if (to_mortal) {
      InterlockedIncrement(&refused);
      Sleep(1);
    } else complain("connect", &plan, 0);
    closesocket(s);
    return;
  }
  Way in = {0}, out = {0};
  int fine = send_all(s, &plan, sizeof plan) && exchange(s, &plan, 1, &in, &out) && (plan.leaves || ends_in_order(s));
  count_end(&plan, fine, to_mortal, &in, &out);
  if (plan.leaves) {
    struct linger linger = {1, 0};
    if (value & (1u << 19)) setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof linger);
  }
  closesocket(s);
}

static DWORD WINAPI client_thread(void *argument) {
  uint64_t random = storm.seed * 1000 + (uint64_t)(uintptr_t)argument;
  while (seconds_now() < storm.until) one_connection(&random);
  return 0;
}

/* ---- children ------------------------------------------------------------------------------------------------ */

static HANDLE start_child(const char *kind, int own, uint64_t *random, double seconds, const char *more) {
  char command[1200];
  STARTUPINFOA start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  const char *exe = storm.exe[random_next(random) & 1];
  snprintf(command, sizeof command,
           "\"%s\" %s --port %d --nodes %d --ports %d --own %d --seconds %.3f --seed %lu --threads %d --x64 %s --ia32 %s --complaints %s %s", exe,
           kind, storm.port, storm.nodes, storm.ports, own, seconds, (unsigned long)(random_next(random) >> 40), storm.threads,
           storm.exe[0], storm.exe[1], storm.complaints, more);
  if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) fail("CreateProcess");
  CloseHandle(process.hThread);
  InterlockedIncrement(&started);
  return process.hProcess;
}

/* Starts children on this node's second port, one after the other. */
static DWORD WINAPI parent_thread(void *argument) {
  uint64_t random = storm.seed * 1000 + 999;
  char name[40];
  (void)argument;
  snprintf(name, sizeof name, "storm-%d", storm.port + storm.own);
  HANDLE ready = CreateEventA(NULL, FALSE, FALSE, name);
  while (seconds_now() < storm.until) {
    static const char *how[] = {"terminate", "exit", "crash"};
    char end[120];
    uint64_t value = random_next(&random);
    unsigned ms = 50 + (unsigned)(value % 1500);
    int by_itself = (value >> 20) % 3 == 0;
    snprintf(end, sizeof end, "--end-us %u --how %s --ready storm-%d", by_itself ? ms * 1000 : 0, how[(value >> 24) % 3],
             storm.port + storm.own);
    HANDLE child = start_child("child", storm.own + storm.nodes, &random, storm.until - seconds_now() + 5, end);
    // Whom Wine is making when its parent dies stays half made for ever.
    HANDLE either[] = {ready, child};
    WaitForMultipleObjects(2, either, FALSE, 20000);
    if (WaitForSingleObject(child, by_itself ? 20000 : ms) == WAIT_TIMEOUT) {
      // Wine's processes sometimes do not come to the end that one of several threads has begun: one hangs in Wine's own
      // lock, whose owner is gone. It happens without the wrapper as well.
      if (by_itself) InterlockedIncrement(&stuck);
      TerminateProcess(child, 9);
      InterlockedIncrement(&kills);
      WaitForSingleObject(child, INFINITE);
    }
    CloseHandle(child);
  }
  return 0;
}

static double end_at;
static char end_how;
static volatile int *volatile nowhere;

static LONG WINAPI crash_quietly(EXCEPTION_POINTERS *exception) {
  (void)exception;
  return EXCEPTION_EXECUTE_HANDLER;
}

static DWORD WINAPI end_thread(void *argument) {
  (void)argument;
  while (seconds_now() < end_at) Sleep(1);
  if (end_how == 'e') ExitProcess(9);
  if (end_how == 'c') *nowhere = 1;
  TerminateProcess(GetCurrentProcess(), 9);
  return 0;
}

int main(int count, char **words) {
  HANDLE threads[MAXIMUM_WAIT_OBJECTS];
  int clients = 0, all;
  const char *kind = count > 1 ? words[1] : "";
  int node = !strcmp(kind, "node"), leaf = !strcmp(kind, "leaf");
  if (!node && !leaf && strcmp(kind, "child")) {
    printf("usage: storm node|child|leaf ...; see the top of storm.c\n");
    return 2;
  }
  start_winsock();
  SetUnhandledExceptionFilter(crash_quietly);
  storm.port = (int)option(count, words, "port", 0);
  storm.nodes = (int)option(count, words, "nodes", 1);
  storm.ports = (int)option(count, words, "ports", storm.nodes);
  storm.own = (int)option(count, words, "own", 0);
  storm.threads = (int)option(count, words, "threads", 3);
  storm.seed = (uint64_t)option(count, words, "seed", 1);
  storm.exe[0] = option_text(count, words, "x64", words[0]);
  storm.exe[1] = option_text(count, words, "ia32", words[0]);
  storm.complaints = option_text(count, words, "complaints", "complaints.txt");
  storm.until = seconds_now() + option(count, words, "seconds", 5);
  storm.mortal = !node;
  if (leaf && storm.until > seconds_now() + 1) storm.until = seconds_now() + 1;
  SOCKET listener = leaf ? INVALID_SOCKET : listen_on("127.0.0.1", storm.port + storm.own, 100);
  HANDLE accepting = leaf ? NULL : CreateThread(NULL, 1 << 18, accept_thread, (void *)listener, 0, NULL);
  if (node) {
    char line[16];  // the others listen as well, now
    if (!fgets(line, sizeof line, stdin)) return 2;
    storm.until = seconds_now() + option(count, words, "seconds", 5);
  }
  for (all = 0; all < storm.threads; all++) threads[all] = CreateThread(NULL, 1 << 18, client_thread, (void *)(uintptr_t)all, 0, NULL);
  clients = all;
  if (node) threads[all++] = CreateThread(NULL, 1 << 18, parent_thread, NULL, 0, NULL);
  if (!strcmp(kind, "child")) {
    uint64_t random = storm.seed;
    CloseHandle(start_child("leaf", 0, &random, 1, ""));
    SetEvent(OpenEventA(EVENT_MODIFY_STATE, FALSE, option_text(count, words, "ready", "")));
    end_how = *option_text(count, words, "how", "terminate");
    end_at = seconds_now() + option(count, words, "end-us", 0) / 1e6;
    if (option(count, words, "end-us", 0) > 0) CloseHandle(CreateThread(NULL, 1 << 18, end_thread, NULL, 0, NULL));
  }
  WaitForMultipleObjects((DWORD)clients, threads, TRUE, INFINITE);
  WaitForMultipleObjects((DWORD)all, threads, TRUE, INFINITE);
  if (node) {
    char line[16];
    printf("clients-done good=%ld wrong=%ld\n", good, wrong);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) { }
  }
  if (listener != INVALID_SOCKET) closesocket(listener);
  while (accepting && WaitForSingleObject(accepting, 5000) == WAIT_TIMEOUT) say("waits-for=accept");
  for (int ms = 0; serving; ms++) {
    Sleep(1);
    if (ms % 5000 == 4999) say("waits-for=connections");
  }
  printf("ended good=%ld cut=%ld refused=%ld wrong_in_all=%ld children=%ld kills=%ld stuck=%ld kib=%lld handles=%u\n", good, cut, refused,
         wrong, started, kills, stuck, (long long)total_bytes >> 10, open_handles());
  fflush(stdout);
  return wrong != 0;
}
