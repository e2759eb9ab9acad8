/*
 * The measures of `vmmc bench`, each for a given time, with the distribution of every single round trip.
 *
 *   gauge server [--port N]                  serves one measure after the other, until told to stop
 *   gauge client --port N --seconds S --measure
 *       trips  [--size BYTES]                  round trips, one after the other
 *       paced  [--size BYTES] [--interval MS]  round trips, one every MS milliseconds (1): both sides sleep in between
 *       stream [--size BYTES]                  sends of BYTES to a reader that looks at them
 *       rate                                   connect, a byte there and back, close
 *       many   [--count N]                     round trips over N open connections in turn
 *   gauge client --port N --measure quit     tells the server to end
 *
 * Each measure has a connection of its own, which begins with its name's first letter and a number. Results are lines
 * `name=value`. `trips=LOW:COUNT,...` is the distribution: how many round trips took at least LOW ns and less than the next LOW,
 * which is up to 1/16 more. `cpu_us` is the processor time of both processes while they measured. bytes_ok=1 comes last.
 */
#include "net.h"
#include <x86intrin.h>

enum { LARGEST = 1 << 20, MOST_CONNECTIONS = 4096, STEPS = 16, BUCKETS = 64 * STEPS };

static unsigned char buffer[LARGEST], reply[LARGEST];
static int bytes_ok = 1;
static struct { const char *host; int port; } server;

/* Processor time of this process so far, in microseconds. */
static uint64_t cpu_us(void) {
  FILETIME made, ended, kernel, user;
  if (!GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user)) return 0;
  uint64_t ticks = ((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) + ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime);
  return ticks / 10;
}

/* ---- server -------------------------------------------------------------------------------------------------- */

static void serve_echo(SOCKET s, int size) {
  if (size < 1 || size > LARGEST) return;
  while (recv_all(s, buffer, size) && send_all(s, buffer, size)) {}
}

/* Counts what comes. Whether bytes are the right ones is pingpong's to check: here that would be measured as well. */
static void serve_stream(SOCKET s) {
  uint64_t answer = 0;
  int got;
  while ((got = recv(s, (char *)buffer, 65536, 0)) > 0) answer += (uint64_t)got;
  send_all(s, &answer, sizeof answer);
}

static void serve_many(SOCKET listener, SOCKET first, int count) {
  static SOCKET all[MOST_CONNECTIONS];
  int open = 0, going = count >= 1 && count <= MOST_CONNECTIONS;
  for (; going && open < count; open++) {
    all[open] = accept(listener, NULL, NULL);
    if (all[open] == INVALID_SOCKET) fail("accept");
    set_no_delay(all[open]);
  }
  going = going && send_all(first, "r", 1);
  while (going)
    for (int i = 0; going && i < open; i++) going = recv_all(all[i], buffer, 64) && send_all(all[i], buffer, 64);
  for (int i = 0; i < open; i++) closesocket(all[i]);
}

static int server_main(int count, char **words) {
  SOCKET listener = listen_on("127.0.0.1", (int)option(count, words, "port", 0), 200);
  for (char purpose = 0; purpose != 'q';) {
    struct { int purpose, number; } request;
    SOCKET s = accept(listener, NULL, NULL);
    if (s == INVALID_SOCKET) fail("accept");
    set_no_delay(s);
    if (recv_all(s, &request, sizeof request)) {
      purpose = (char)request.purpose;
      if (purpose == 't') serve_echo(s, request.number);
      if (purpose == 's') serve_stream(s);
      if (purpose == 'r') send(s, "r", 1, 0);
      if (purpose == 'm') serve_many(listener, s, request.number);
      if (purpose == 'c') {
        uint64_t used = cpu_us();
        send_all(s, &used, sizeof used);
      }
    }
    closesocket(s);
  }
  closesocket(listener);
  printf("server=ended\n");
  return 0;
}

/* ---- client -------------------------------------------------------------------------------------------------- */

static SOCKET open_for(char purpose, int number) {
  struct { int purpose, number; } request = {purpose, number};
  SOCKET s = connect_to(server.host, server.port, 0);
  if (!send_all(s, &request, sizeof request)) fail("send");
  return s;
}

static uint64_t cpu_of_both(void) {
  uint64_t there;
  SOCKET s = open_for('c', 0);
  if (!recv_all(s, &there, sizeof there)) fail("recv");
  closesocket(s);
  return there + cpu_us();
}

static void round_trip(SOCKET s, int size, unsigned number) {
  memcpy(buffer, &number, size < 4 ? (size_t)size : 4);
  if (!send_all(s, buffer, size)) fail("send");
  if (!recv_all(s, reply, size)) fail("recv");
  if (memcmp(buffer, reply, (size_t)(size < 64 ? size : 64))) bytes_ok = 0;
}

/* The processor's own clock: what the system's tells is too coarse for a round trip. Its rate is found while measuring. */
static struct { uint64_t count[BUCKETS], total; double from; uint64_t ticks; } trips;

static void trips_begin(void) {
  memset(&trips, 0, sizeof trips);
  trips.from = seconds_now();
  trips.ticks = __rdtsc();
}

/* Which of the steps between one power of two and the next. Below 16, each number is one. */
static int bucket_of(uint64_t ticks) {
  if (ticks < STEPS) return (int)ticks;
  int top = 63 - __builtin_clzll(ticks);
  return (top - 3) * STEPS + (int)(ticks >> (top - 4) & (STEPS - 1));
}

static double lowest_in(int bucket) {
  if (bucket < STEPS) return bucket;
  int top = bucket / STEPS + 3;
  return (double)((uint64_t)(STEPS + bucket % STEPS) << (top - 4));
}

static void trips_add(uint64_t ticks) {
  trips.count[bucket_of(ticks)]++;
  trips.total++;
}

static void trips_end(void) {
  double took = seconds_now() - trips.from, ns = took * 1e9 / (double)(__rdtsc() - trips.ticks);
  printf("count=%llu\nseconds=%.6f\ntrips=", (unsigned long long)trips.total, took);
  const char *comma = "";
  for (int i = 0; i < BUCKETS; i++) {
    if (!trips.count[i]) continue;
    printf("%s%.1f:%llu", comma, lowest_in(i) * ns, (unsigned long long)trips.count[i]);
    comma = ",";
  }
  printf("\n");
}

static void measure_trips(double seconds, int size, int interval_ms) {
  SOCKET s = open_for('t', size);
  unsigned number = 0;
  for (double until = seconds_now() + seconds / 10; seconds_now() < until;) round_trip(s, size, number++);
  uint64_t cpu = cpu_us();
  trips_begin();
  /* The system's clock is looked at seldom: asking it takes as long as a part of a round trip. */
  for (double until = trips.from + seconds; number % 16 || seconds_now() < until;) {
    if (interval_ms) Sleep((DWORD)interval_ms);
    uint64_t from = __rdtsc();
    round_trip(s, size, number++);
    trips_add(__rdtsc() - from);
    if (interval_ms && seconds_now() >= until) break;
  }
  trips_end();
  printf("client_cpu_us=%llu\n", (unsigned long long)(cpu_us() - cpu));
  closesocket(s);
}

static void measure_stream(double seconds, int size) {
  uint64_t sent = 0, sends = 0, came, cpu = cpu_of_both();
  SOCKET s = open_for('s', 0);
  double start = seconds_now();
  while (sends % 16 || seconds_now() - start < seconds) {
    if (!send_all(s, buffer, size)) fail("send");
    sent += (uint64_t)size;
    sends++;
  }
  if (shutdown(s, STOP_SENDING)) fail("shutdown");
  if (!recv_all(s, &came, sizeof came)) fail("recv");
  double took = seconds_now() - start;
  closesocket(s);
  if (came != sent) bytes_ok = 0;
  printf("bytes=%llu\nsends=%llu\nseconds=%.6f\ncpu_us=%llu\n", (unsigned long long)sent, (unsigned long long)sends, took,
         (unsigned long long)(cpu_of_both() - cpu));
}

static void measure_rate(double seconds) {
  int count = 0;
  double start = seconds_now();
  for (; seconds_now() - start < seconds; count++) {
    char byte = 0;
    SOCKET s = open_for('r', 0);
    if (!recv_all(s, &byte, 1)) fail("recv");
    if (byte != 'r') bytes_ok = 0;
    closesocket(s);
  }
  printf("count=%d\nseconds=%.6f\n", count, seconds_now() - start);
}

static void measure_many(double seconds, int count) {
  static SOCKET all[MOST_CONNECTIONS];
  char byte;
  if (count < 1 || count > MOST_CONNECTIONS) fail("use of that many connections");
  SOCKET first = open_for('m', count);
  double start = seconds_now();
  for (int i = 0; i < count; i++) all[i] = connect_to(server.host, server.port, 0);
  if (!recv_all(first, &byte, 1)) fail("recv");
  printf("connections=%d\nconnect_seconds=%.6f\n", count, seconds_now() - start);
  /* Once around, before it counts. */
  for (int i = 0; i < count; i++) round_trip(all[i], 64, (unsigned)i);
  trips_begin();
  for (unsigned number = 0; seconds_now() - trips.from < seconds;)
    for (int i = 0; i < count; i++) {
      uint64_t from = __rdtsc();
      round_trip(all[i], 64, number++);
      trips_add(__rdtsc() - from);
    }
  trips_end();
  for (int i = 0; i < count; i++) closesocket(all[i]);
  closesocket(first);
}

static int client_main(int count, char **words) {
  const char *measure = option_text(count, words, "measure", "");
  double seconds = option(count, words, "seconds", 1);
  int size = (int)option(count, words, "size", 64);
  server.host = "127.0.0.1";
  server.port = (int)option(count, words, "port", 0);
  if (size < 1 || size > LARGEST) {
    printf("error=--size must be between 1 and %d\n", LARGEST);
    return 2;
  }
  for (int i = 0; i < LARGEST; i++) buffer[i] = (unsigned char)i;
  if (!strcmp(measure, "trips")) measure_trips(seconds, size, 0);
  else if (!strcmp(measure, "paced")) measure_trips(seconds, size, (int)option(count, words, "interval", 1));
  else if (!strcmp(measure, "stream")) measure_stream(seconds, size);
  else if (!strcmp(measure, "rate")) measure_rate(seconds);
  else if (!strcmp(measure, "many")) measure_many(seconds, (int)option(count, words, "count", 200));
  else if (!strcmp(measure, "quit")) closesocket(open_for('q', 0));
  else {
    printf("error=there is no measure \"%s\"\n", measure);
    return 2;
  }
  printf("bytes_ok=%d\n", bytes_ok);
  return !bytes_ok;
}

int main(int count, char **words) {
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) return server_main(count, words);
  if (count > 1 && !strcmp(words[1], "client")) return client_main(count, words);
  printf("usage: gauge server|client ...; see the top of gauge.c\n");
  return 2;
}
