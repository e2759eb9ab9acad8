/*
 * A multi-client echo server in one thread, with select: what most WinSock 1.1 servers look like.
 *
 *   selectserver [server] [--port N] [--host A] [--once 1]     --once: ends when the last client has gone
 *
 * Each client has one buffer; its socket is asked for reading while the buffer is empty and for writing while it is not,
 * so that a client that does not read its echo holds up only itself. Whenever the last client leaves, prints how many
 * there were, the most at one time, and the handles open now.
 */
#define FD_SETSIZE 1100
#include "net.h"

enum { BUFFER = 16384, MOST_CLIENTS = FD_SETSIZE - 1 };

typedef struct { SOCKET s; int filled, sent, ended; char bytes[BUFFER]; } Client;

static Client *clients[MOST_CLIENTS];
static int client_count;

static void add_client(SOCKET s) {
  Client *client = malloc(sizeof *client);
  client->s = s;
  client->filled = client->sent = client->ended = 0;
  set_blocking(s, 0);
  set_no_delay(s);
  clients[client_count++] = client;
}

static void drop_client(int index) {
  closesocket(clients[index]->s);
  free(clients[index]);
  clients[index] = clients[--client_count];
}

/* 0 when the client is to be dropped. */
static int serve(Client *client, int readable, int writable) {
  if (readable && !client->filled) {
    int got = recv(client->s, client->bytes, BUFFER, 0);
    if (got == 0 || (got < 0 && WSAGetLastError() != WSAEWOULDBLOCK)) return 0;
    if (got > 0) {
      client->filled = got;
      writable = 1;
    }
  }
  if (writable && client->filled) {
    int sent = send(client->s, client->bytes + client->sent, client->filled - client->sent, 0);
    if (sent < 0 && WSAGetLastError() != WSAEWOULDBLOCK) return 0;
    if (sent > 0 && (client->sent += sent) == client->filled) client->filled = client->sent = 0;
  }
  return 1;
}

int main(int count, char **words) {
  int served = 0, most = 0, once = (int)option(count, words, "once", 0);
  static fd_set readable, writable;
  start_winsock();
  SOCKET listener = listen_on(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 200);
  set_blocking(listener, 0);
  for (;;) {
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (client_count < MOST_CLIENTS) FD_SET(listener, &readable);
    for (int i = 0; i < client_count; i++) {
      /* Not FD_SET, which looks through the whole set each time: these sockets are all different. */
      fd_set *set = clients[i]->filled ? &writable : &readable;
      set->fd_array[set->fd_count++] = clients[i]->s;
    }
    if (select(0, &readable, &writable, NULL, NULL) < 0) fail("select");
    for (int i = client_count - 1; i >= 0; i--) {
      Client *client = clients[i];
      if (!serve(client, FD_ISSET(client->s, &readable), FD_ISSET(client->s, &writable))) drop_client(i);
    }
    if (FD_ISSET(listener, &readable)) {
      SOCKET s;
      while (client_count < MOST_CLIENTS && (s = accept(listener, NULL, NULL)) != INVALID_SOCKET) {
        add_client(s);
        served++;
      }
    }
    if (client_count > most) most = client_count;
    if (client_count == 0 && served) {
      printf("served=%d most=%d handles=%u\n", served, most, open_handles());
      fflush(stdout);
      if (once) return 0;
      served = most = 0;
    }
  }
}
