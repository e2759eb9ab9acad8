/*
 * A server with a thread for each connection, and its client.
 *
 *   threadserver server [--port N] [--host A] [--greeting BYTES] [--report N] [--post N]
 *   threadserver client --port N [--host A] [--connections N] [--threads N] [--bytes N] [--reply N] [--greeting BYTES]
 *                       [--seed N] [--patience SECONDS] [--pause MS]
 *
 * A connection: the server speaks first when there is a greeting. The client sends how many bytes it wants back and
 * then random bytes, and stops sending; the server answers with the hash of all it received and then the wanted
 * number of random bytes, seeded with that hash, so that the client can check both directions. --pause: the client
 * waits so long between two pieces of 4 KiB.
 *
 * The server reports every Nth end (100). --post: it does not call accept, but has N calls of AcceptEx under way, every
 * second of which ends with the connection's first bytes.
 */
#include "net.h"
#include <mswsock.h>

enum { PIECE = 65536, NAME_ROOM = sizeof(struct sockaddr_in) + 16 };
static const uint64_t greeting_seed = 7;
static int greeting, report_every;
static volatile LONG finished;

/* A connection, of which so many bytes were received with AcceptEx. */
typedef struct { SOCKET s; DWORD got; char first[sizeof(uint64_t)]; } Accepted;

static DWORD WINAPI serve(void *argument) {
  Accepted accepted = *(Accepted *)argument;
  SOCKET s = accepted.s;
  char *bytes = malloc(PIECE);
  uint64_t random = greeting_seed, wanted = 0, value;
  Hash hash = hash_start();
  int got = 1;
  for (int left = greeting; left > 0; left -= PIECE) {
    random_fill(&random, bytes, PIECE);
    if (!send_all(s, bytes, left < PIECE ? left : PIECE)) got = -1;
  }
  memcpy(&wanted, accepted.first, accepted.got);
  if (got > 0 && accepted.got < sizeof wanted) got = recv_all(s, (char *)&wanted + accepted.got, sizeof wanted - accepted.got);
  while (got > 0 && (got = recv(s, bytes, PIECE, 0)) > 0) hash_add(&hash, bytes, (size_t)got);
  if (got == 0) {
    value = random = hash_end(&hash);
    if (send_all(s, &value, sizeof value))
      for (uint64_t left = wanted; left > 0; left -= left < PIECE ? left : PIECE) {
        random_fill(&random, bytes, PIECE);
        if (!send_all(s, bytes, left < PIECE ? (int)left : PIECE)) break;
      }
  }
  free(bytes);
  free(argument);
  closesocket(s);
  LONG number = InterlockedIncrement(&finished);
  if (got < 0 || number % report_every == 0) {
    printf("finished=%ld handles=%u%s%s\n", number, open_handles(), got < 0 ? " broken=" : "",
           got < 0 ? error_name(WSAGetLastError()) : "");
    fflush(stdout);
  }
  return 0;
}

static void start_serving(SOCKET s, const char *first, DWORD got) {
  Accepted *accepted = malloc(sizeof *accepted);
  *accepted = (Accepted){ s, got };
  memcpy(accepted->first, first, got);
  set_no_delay(s);
  HANDLE thread = CreateThread(NULL, 1 << 18, serve, accepted, 0, NULL);
  if (!thread) fail("CreateThread");
  CloseHandle(thread);
}

/* One call of AcceptEx that is under way. */
typedef struct { SOCKET s; OVERLAPPED overlapped; DWORD wanted; char buffer[sizeof(uint64_t) + 2 * NAME_ROOM]; } Posted;

static void post(SOCKET listener, Posted *posted) {
  DWORD got;
  posted->s = socket(AF_INET, SOCK_STREAM, 0);
  posted->overlapped.Internal = 0;
  BOOL done = AcceptEx(listener, posted->s, posted->buffer, posted->wanted, NAME_ROOM, NAME_ROOM, &got, &posted->overlapped);
  if (!done && WSAGetLastError() != ERROR_IO_PENDING) fail("AcceptEx");
}

static void serve_posted(SOCKET listener, DWORD count) {
  static Posted posted[MAXIMUM_WAIT_OBJECTS];
  static HANDLE events[MAXIMUM_WAIT_OBJECTS];
  for (DWORD n = 0; n < count; n++) {
    events[n] = posted[n].overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    posted[n].wanted = n % 2 && !greeting ? sizeof(uint64_t) : 0; /* who is greeted speaks only then */
    post(listener, &posted[n]);
  }
  for (;;) {
    DWORD n = WaitForMultipleObjects(count, events, FALSE, INFINITE) - WAIT_OBJECT_0, got;
    Posted *one = &posted[n];
    if (!GetOverlappedResult((HANDLE)listener, &one->overlapped, &got, FALSE)) fail("GetOverlappedResult");
    start_serving(one->s, one->buffer, got);
    post(listener, one);
  }
}

static void server_main(int count, char **words) {
  greeting = (int)option(count, words, "greeting", 0);
  report_every = (int)option(count, words, "report", 100);
  if (report_every < 1) report_every = 1;
  SOCKET listener = listen_on(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 200);
  DWORD calls = (DWORD)option(count, words, "post", 0);
  if (calls > 0) serve_posted(listener, calls < MAXIMUM_WAIT_OBJECTS ? calls : MAXIMUM_WAIT_OBJECTS);
  for (;;) {
    SOCKET s = accept(listener, NULL, NULL);
    if (s == INVALID_SOCKET) fail("accept");
    start_serving(s, NULL, 0);
  }
}

/* ---- client -------------------------------------------------------------------------------------------------- */

static struct { const char *host; int port, pause_ms; double patience; volatile LONG left; uint64_t bytes, reply, seed; } work;
static volatile LONG good;

static int receive_random(SOCKET s, char *bytes, char *expected, uint64_t left, uint64_t seed) {
  while (left > 0) {
    int piece = left < PIECE ? (int)left : PIECE;
    random_fill(&seed, expected, PIECE);
    if (!recv_all(s, bytes, piece) || memcmp(bytes, expected, (size_t)piece)) return 0;
    left -= (uint64_t)piece;
  }
  return 1;
}

static int one_connection(uint64_t seed, char *bytes, char *expected) {
  SOCKET s = connect_to(work.host, work.port, work.patience);
  Hash hash = hash_start();
  uint64_t value;
  int piece_size = work.pause_ms ? 4096 : PIECE;
  int fine = receive_random(s, bytes, expected, (uint64_t)greeting, greeting_seed) && send_all(s, &work.reply, 8);
  for (uint64_t left = work.bytes; fine && left > 0;) {
    int piece = left < (uint64_t)piece_size ? (int)left : piece_size;
    random_fill(&seed, bytes, (size_t)piece);
    hash_add(&hash, bytes, (size_t)piece);
    fine = send_all(s, bytes, piece);
    left -= (uint64_t)piece;
    if (work.pause_ms) Sleep((DWORD)work.pause_ms);
  }
  fine = fine && !shutdown(s, STOP_SENDING) && recv_all(s, &value, 8) && value == hash_end(&hash) &&
         receive_random(s, bytes, expected, work.reply, value) && recv(s, bytes, 1, 0) == 0;
  if (!fine) printf("broken=%s\n", error_name(WSAGetLastError()));
  closesocket(s);
  return fine;
}

static DWORD WINAPI client_thread(void *argument) {
  char *bytes = malloc(PIECE), *expected = malloc(PIECE);
  LONG number;
  (void)argument;
  while ((number = InterlockedDecrement(&work.left)) >= 0)
    if (one_connection(work.seed + (uint64_t)number, bytes, expected)) InterlockedIncrement(&good);
  return 0;
}

static int client_main(int count, char **words) {
  int connections = (int)option(count, words, "connections", 1), threads = (int)option(count, words, "threads", 1);
  HANDLE handles[MAXIMUM_WAIT_OBJECTS];
  work.host = option_text(count, words, "host", "127.0.0.1");
  work.port = (int)option(count, words, "port", 0);
  work.pause_ms = (int)option(count, words, "pause", 0);
  work.patience = option(count, words, "patience", 0);
  work.left = connections;
  work.bytes = (uint64_t)option(count, words, "bytes", 100000);
  work.reply = (uint64_t)option(count, words, "reply", 0);
  work.seed = (uint64_t)option(count, words, "seed", 1) << 32;
  greeting = (int)option(count, words, "greeting", 0);
  if (threads < 1 || threads > MAXIMUM_WAIT_OBJECTS) threads = 1;
  for (int i = 0; i < threads; i++) handles[i] = CreateThread(NULL, 0, client_thread, NULL, 0, NULL);
  WaitForMultipleObjects((DWORD)threads, handles, TRUE, INFINITE);
  printf("connections=%d\ngood=%ld\nhandles=%u\nbytes_ok=%d\n", connections, good, open_handles(), good == connections);
  return good != connections;
}

int main(int count, char **words) {
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) server_main(count, words);
  if (count > 1 && !strcmp(words[1], "client")) return client_main(count, words);
  printf("usage: threadserver server|client ...; see the top of threadserver.c\n");
  return 2;
}
