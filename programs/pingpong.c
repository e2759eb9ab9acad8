/*
 * The meter: round trips, paced round trips, streaming and connection rate between two processes.
 *
 *   pingpong server [--port N] [--host A]     serves one connection after the other, until told to stop
 *   pingpong client --port N [--host A] [--patience SECONDS]
 *       [--rounds N] [--warmup N] [--size BYTES]         round trips (each checked), default size 64
 *       [--paced N] [--interval MS]                       N round trips, one every MS milliseconds (1)
 *       [--stream-seconds S | --stream-mib N] [--block BYTES]   sends of BYTES (65536) to a reader that checks them
 *       [--rate N] [--rate-bytes 0|1]                     N times: connect, that many bytes there and back, close
 *       [--handles 1]                                     how many handles both processes have open
 *       [--quit 1]                                        tells the server to end
 *
 * Each measure has a connection of its own, whose first byte tells the server what it is for. Results are lines
 * `name=value` on standard output; bytes_ok=1 is the last: all bytes that came were the right ones.
 */
#include "net.h"

enum { LARGEST = 1 << 20 };

/* Position p of a stream holds byte stream_byte[p % 65536]; twice as long, so that a block may start anywhere. */
enum { PERIOD = 65536 };
static unsigned char stream_bytes[PERIOD + LARGEST];
static unsigned char buffer[LARGEST], reply[LARGEST];
static int bytes_ok = 1;

static void prepare_stream(void) {
  for (unsigned i = 0; i < sizeof stream_bytes; i++) {
    unsigned p = i % PERIOD;
    stream_bytes[i] = (unsigned char)(p * 7 + (p >> 8) * 13);
  }
}

/* ---- server -------------------------------------------------------------------------------------------------- */

static void serve_echo(SOCKET s) {
  int size;
  if (!recv_all(s, &size, sizeof size) || size < 1 || size > LARGEST) return;
  while (recv_all(s, buffer, size) && send_all(s, buffer, size)) {}
}

/* Looks at one byte of each 1,024 and at the ends of what each recv brought: enough to notice lost, repeated or
   reordered bytes, and so little that the meter does not measure itself. Answers {bytes, wrong bytes}. */
static void serve_stream(SOCKET s) {
  uint64_t answer[2] = {0, 0};
  int got;
  while ((got = recv(s, (char *)buffer, PERIOD, 0)) > 0) {
    const unsigned char *expected = stream_bytes + answer[0] % PERIOD;
    for (int i = 0; i < got; i += 1024) answer[1] += buffer[i] != expected[i];
    answer[1] += buffer[got - 1] != expected[got - 1];
    answer[0] += (uint64_t)got;
  }
  send_all(s, answer, sizeof answer);
}

static int server_main(int count, char **words) {
  SOCKET listener = listen_on(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 200);
  for (;;) {
    SOCKET s = accept(listener, NULL, NULL);
    char purpose;
    unsigned handles;
    if (s == INVALID_SOCKET) fail("accept");
    set_no_delay(s);
    int got = recv(s, &purpose, 1, 0);
    if (got == 1 && purpose == 'e') serve_echo(s);
    if (got == 1 && purpose == 's') serve_stream(s);
    if (got == 1 && purpose == 'r') send(s, &purpose, 1, 0);
    if (got == 1 && purpose == 'h') {
      handles = open_handles();
      send_all(s, &handles, sizeof handles);
    }
    closesocket(s);
    if (got == 1 && purpose == 'q') break;
  }
  closesocket(listener);
  printf("server=ended\n");
  return 0;
}

/* ---- client -------------------------------------------------------------------------------------------------- */

static struct { const char *host; int port; double patience; } server;

static SOCKET open_for(char purpose) {
  SOCKET s = connect_to(server.host, server.port, server.patience);
  if (!send_all(s, &purpose, 1)) fail("send");
  return s;
}

static void round_trip(SOCKET s, int size, unsigned number) {
  memcpy(buffer, &number, size < 4 ? (size_t)size : 4);
  buffer[size - 1] = (unsigned char)number;
  if (!send_all(s, buffer, size)) fail("send");
  if (!recv_all(s, reply, size)) fail("recv");
  if (memcmp(buffer, reply, (size_t)size)) bytes_ok = 0;
}

static int by_value(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return difference < 0 ? -1 : difference > 0;
}

/* Sorts the times and prints their figures, in microseconds. */
static void report_times(const char *name, double *seconds, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) sum += seconds[i];
  qsort(seconds, (size_t)count, sizeof *seconds, by_value);
  printf("%s_median_us=%.3f\n%s_p99_us=%.3f\n%s_mean_us=%.3f\n%s_max_us=%.3f\n", name, seconds[count / 2] * 1e6, name,
         seconds[(int)(count * 0.99)] * 1e6, name, sum / count * 1e6, name, seconds[count - 1] * 1e6);
}

static SOCKET open_echo(int size) {
  SOCKET s = open_for('e');
  if (!send_all(s, &size, sizeof size)) fail("send");
  return s;
}

/* A round trip may be shorter than the clock is exact: then a sample is the mean of several in a row. */
static void measure_round_trips(int rounds, int warm_up, int size) {
  SOCKET s = open_echo(size);
  double start = seconds_now();
  for (int i = 0; i < warm_up; i++) round_trip(s, size, (unsigned)i);
  double each = warm_up ? (seconds_now() - start) / warm_up : 1;
  int batch = each > 20e-6 ? 1 : (int)(20e-6 / each) + 1, samples = rounds / batch > 0 ? rounds / batch : 1;
  double *times = calloc((size_t)samples, sizeof *times);
  for (int i = 0; i < samples; i++) {
    start = seconds_now();
    for (int j = 0; j < batch; j++) round_trip(s, size, (unsigned)(i * batch + j));
    times[i] = (seconds_now() - start) / batch;
  }
  closesocket(s);
  report_times("rtt", times, samples);
  printf("rtt_count=%d\nrtt_batch=%d\nrtt_size=%d\n", samples * batch, batch, size);
}

static void measure_paced(int rounds, int interval_ms, int size) {
  SOCKET s = open_echo(size);
  double *times = calloc((size_t)rounds, sizeof *times);
  for (int i = 0; i < rounds; i++) {
    Sleep((DWORD)interval_ms);
    double start = seconds_now();
    round_trip(s, size, (unsigned)i);
    times[i] = seconds_now() - start;
  }
  closesocket(s);
  report_times("paced", times, rounds);
  printf("paced_count=%d\n", rounds);
}

static void measure_stream(double seconds, double mib, int block) {
  SOCKET s = open_for('s');
  uint64_t sent = 0, limit = (uint64_t)(mib * 1048576), answer[2];
  double start = seconds_now();
  for (int i = 0; mib > 0 ? sent < limit : i % 16 || seconds_now() - start < seconds; i++) {
    int result = send(s, (char *)stream_bytes + sent % PERIOD, block, 0);
    if (result <= 0) fail("send");
    sent += (uint64_t)result;
  }
  if (shutdown(s, STOP_SENDING)) fail("shutdown");
  if (!recv_all(s, answer, sizeof answer)) fail("recv");
  double took = seconds_now() - start;
  closesocket(s);
  if (answer[0] != sent || answer[1]) bytes_ok = 0;
  printf("stream_mib_s=%.1f\nstream_mib=%.1f\nstream_block=%d\n", (double)sent / 1048576 / took, (double)sent / 1048576, block);
}

static void measure_rate(int rounds, int bytes) {
  double start = seconds_now();
  for (int i = 0; i < rounds; i++) {
    char byte = 'r';
    SOCKET s = connect_to(server.host, server.port, 0);
    if (bytes && (!send_all(s, &byte, 1) || !recv_all(s, &byte, 1))) fail("exchange of a byte");
    if (byte != 'r') bytes_ok = 0;
    closesocket(s);
  }
  printf("rate_per_s=%.0f\nrate_count=%d\n", rounds / (seconds_now() - start), rounds);
}

static void report_handles(void) {
  unsigned handles;
  SOCKET s = open_for('h');
  if (!recv_all(s, &handles, sizeof handles)) fail("recv");
  closesocket(s);
  printf("server_handles=%u\nclient_handles=%u\n", handles, open_handles());
}

static int client_main(int count, char **words) {
  int size = (int)option(count, words, "size", 64), rounds = (int)option(count, words, "rounds", 0);
  int paced = (int)option(count, words, "paced", 0), rate = (int)option(count, words, "rate", 0);
  int block = (int)option(count, words, "block", 65536);
  double seconds = option(count, words, "stream-seconds", 0), mib = option(count, words, "stream-mib", 0);
  server.host = option_text(count, words, "host", "127.0.0.1");
  server.port = (int)option(count, words, "port", 0);
  server.patience = option(count, words, "patience", 0);
  if (size < 1 || size > LARGEST || block < 1 || block > LARGEST) {
    printf("error=--size and --block must be between 1 and %d\n", LARGEST);
    return 2;
  }
  if (rounds > 0) measure_round_trips(rounds, (int)option(count, words, "warmup", rounds / 10 + 1), size);
  if (paced > 0) measure_paced(paced, (int)option(count, words, "interval", 1), size);
  if (seconds > 0 || mib > 0) measure_stream(seconds, mib, block);
  if (rate > 0) measure_rate(rate, (int)option(count, words, "rate-bytes", 1));
  if (option(count, words, "handles", 0) > 0) report_handles();
  if (option(count, words, "quit", 0) > 0) closesocket(open_for('q'));
  printf("bytes_ok=%d\n", bytes_ok);
  return !bytes_ok;
}

int main(int count, char **words) {
  start_winsock();
  prepare_stream();
  if (count > 1 && !strcmp(words[1], "server")) return server_main(count, words);
  if (count > 1 && !strcmp(words[1], "client")) return client_main(count, words);
  printf("usage: pingpong server|client ...; see the top of pingpong.c\n");
  return 2;
}
