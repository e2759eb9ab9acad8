/*
 * An echo server and client that import wsock32.dll by ordinal only, as old linkers made programs do. The source is
 * ordinary: it is linked with an import library that names no function (see build.ts).
 *
 *   ordinal server [--port N]
 *   ordinal client --port N [--rounds N] [--patience SECONDS]
 */
#include "net.h"

int main(int count, char **words) {
  char buffer[512], echo[512];
  uint64_t random = 3;
  int port = (int)option(count, words, "port", 0), rounds = (int)option(count, words, "rounds", 100), good = 0;
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) {
    SOCKET listener = listen_on("127.0.0.1", port, 5), s = accept(listener, NULL, NULL);
    int got;
    if (s == INVALID_SOCKET) fail("accept");
    set_no_delay(s);
    while ((got = recv(s, buffer, sizeof buffer, 0)) > 0 && send_all(s, buffer, got)) {}
    closesocket(s);
    closesocket(listener);
    return 0;
  }
  SOCKET s = connect_to("127.0.0.1", port, option(count, words, "patience", 0));
  double start = seconds_now();
  for (int i = 0; i < rounds; i++) {
    int bytes = 1 + (int)(random_next(&random) % sizeof buffer);
    random_fill(&random, buffer, sizeof buffer);
    good += send_all(s, buffer, bytes) && recv_all(s, echo, bytes) && !memcmp(buffer, echo, (size_t)bytes);
  }
  printf("rtt_mean_us=%.3f\nrounds=%d\ngood=%d\nbytes_ok=%d\n", (seconds_now() - start) / rounds * 1e6, rounds, good,
         good == rounds);
  closesocket(s);
  return good != rounds;
}
