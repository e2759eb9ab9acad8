/*
 * Many connections at once to an echo server, in one thread with select.
 *
 *   selectclient [client] --port N [--host A] [--connections N] [--bytes MOST] [--seed N] [--patience SECONDS]
 *
 * Opens all connections first; then sends over each a random number of random bytes (up to MOST) and reads the echo at
 * the same time. Both directions are hashed; a connection is good when the hashes agree.
 */
#define FD_SETSIZE 1100
#include "net.h"

enum { PIECE = 8192 };

typedef struct {
  SOCKET s;
  uint64_t random, to_send, to_receive;
  Hash sent, received;
  int piece, piece_at, broken;
  char bytes[PIECE];
} Connection;

static Connection *connections;

static void pump_out(Connection *c) {
  if (c->piece_at == c->piece) {
    c->piece = c->to_send < PIECE ? (int)c->to_send : PIECE;
    c->piece_at = 0;
    random_fill(&c->random, c->bytes, (size_t)c->piece);
  }
  int sent = send(c->s, c->bytes + c->piece_at, c->piece - c->piece_at, 0);
  if (sent > 0) {
    hash_add(&c->sent, c->bytes + c->piece_at, (size_t)sent);
    c->piece_at += sent;
    c->to_send -= (uint64_t)sent;
  } else if (WSAGetLastError() != WSAEWOULDBLOCK) {
    c->broken = 1;
  }
}

static void pump_in(Connection *c) {
  char bytes[PIECE];
  int got = recv(c->s, bytes, sizeof bytes, 0);
  if (got > 0 && (uint64_t)got <= c->to_receive) {
    hash_add(&c->received, bytes, (size_t)got);
    c->to_receive -= (uint64_t)got;
  } else if (got >= 0 || WSAGetLastError() != WSAEWOULDBLOCK) {
    c->broken = 1;
  }
}

int main(int count, char **words) {
  int many = (int)option(count, words, "connections", 10), most = (int)option(count, words, "bytes", 50000);
  uint64_t random = (uint64_t)option(count, words, "seed", 1), total = 0;
  const char *host = option_text(count, words, "host", "127.0.0.1");
  int port = (int)option(count, words, "port", 0), open = 0, good = 0;
  static fd_set readable, writable;
  start_winsock();
  if (many < 1 || many > FD_SETSIZE) {
    printf("error=--connections must be between 1 and %d\n", FD_SETSIZE);
    return 2;
  }
  connections = calloc((size_t)many, sizeof *connections);
  for (int i = 0; i < many; i++) {
    Connection *c = &connections[i];
    c->s = connect_to(host, port, option(count, words, "patience", 0));
    set_blocking(c->s, 0);
    c->random = random_next(&random);
    c->to_send = c->to_receive = 1 + random_next(&random) % (uint64_t)most;
    c->sent = c->received = hash_start();
    total += c->to_send;
    open++;
  }
  printf("open=%d\n", open);
  fflush(stdout);
  while (open) {
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    for (int i = 0; i < many; i++) {
      Connection *c = &connections[i];
      if (c->s == INVALID_SOCKET) continue;
      readable.fd_array[readable.fd_count++] = c->s;
      if (c->to_send) writable.fd_array[writable.fd_count++] = c->s;
    }
    if (select(0, &readable, &writable, NULL, NULL) < 0) fail("select");
    for (int i = 0; i < many; i++) {
      Connection *c = &connections[i];
      if (c->s == INVALID_SOCKET) continue;
      if (c->to_send && FD_ISSET(c->s, &writable)) pump_out(c);
      if (FD_ISSET(c->s, &readable)) pump_in(c);
      if (c->to_receive && !c->broken) continue;
      good += !c->broken && !c->to_send && hash_end(&c->sent) == hash_end(&c->received);
      closesocket(c->s);
      c->s = INVALID_SOCKET;
      open--;
    }
  }
  printf("connections=%d\ngood=%d\nbytes=%.0f\nhandles=%u\nbytes_ok=%d\n", many, good, (double)total, open_handles(),
         good == many);
  return good != many;
}
