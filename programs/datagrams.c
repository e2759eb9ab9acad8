/*
 * Datagrams there and back: what a wrapper of stream sockets must leave alone.
 *
 *   datagrams server [--port N]
 *   datagrams client --port N [--rounds N]
 */
#include "net.h"

int main(int count, char **words) {
  char buffer[2000], echo[2000];
  uint64_t random = 5;
  int server = count > 1 && !strcmp(words[1], "server"), rounds = (int)option(count, words, "rounds", 50), good = 0;
  start_winsock();
  SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = address_of("127.0.0.1", server ? (int)option(count, words, "port", 0) : 0);
  int length = sizeof address, patience_ms = 10000;
  if (bind(s, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (server) {
    printf("port=%d\n", local_port(s));
    fflush(stdout);
    for (int got = 1; got > 0;) {
      got = recvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&address, &length);
      if (sendto(s, buffer, got, 0, (struct sockaddr *)&address, length) < 0) fail("sendto");
    }
    return 0;
  }
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&patience_ms, sizeof patience_ms);
  address = address_of("127.0.0.1", (int)option(count, words, "port", 0));
  for (int i = 0; i < rounds; i++) {
    int bytes = 1 + (int)(random_next(&random) % 1400);
    random_fill(&random, buffer, (size_t)bytes);
    if (sendto(s, buffer, bytes, 0, (struct sockaddr *)&address, sizeof address) != bytes) fail("sendto");
    good += recvfrom(s, echo, sizeof echo, 0, NULL, NULL) == bytes && !memcmp(buffer, echo, (size_t)bytes);
  }
  sendto(s, buffer, 0, 0, (struct sockaddr *)&address, sizeof address);
  printf("rounds=%d\ngood=%d\nbytes_ok=%d\n", rounds, good, good == rounds);
  return good != rounds;
}
