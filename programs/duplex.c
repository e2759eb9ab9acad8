/*
 * As much as you like in both directions at once, with one reading and one writing thread at each end.
 *
 *   duplex server [--port N] [--host A]
 *   duplex client --port N [--host A] [--mib N] [--chunk BYTES] [--seed N] [--select 1] [--patience SECONDS]
 *
 * The client says how many bytes and which seeds. Each end then writes its stream, followed by the stream's hash, and
 * checks the other's. --select 1: the client does it in one thread with a non-blocking socket.
 */
#include "net.h"

enum { LARGEST = 1 << 20 };

typedef struct { uint64_t bytes, seed[2]; int chunk, spare; } Plan;
typedef struct { SOCKET s; uint64_t left, random; int chunk, filled, at, trailer; Hash hash; char *buffer; } Writer;
typedef struct { SOCKET s; uint64_t left, moved, trailer; int trailer_at, ended; Hash hash; char *buffer; } Reader;

static Writer writer_for(SOCKET s, const Plan *plan, int side) {
  return (Writer){s, plan->bytes, plan->seed[side], plan->chunk, 0, 0, 0, hash_start(), malloc(LARGEST)};
}

static Reader reader_for(SOCKET s, const Plan *plan) {
  return (Reader){s, plan->bytes, 0, 0, 0, 0, hash_start(), malloc(LARGEST)};
}

/* One send. 1: go on; 0: all is sent; -1: failed (see WSAGetLastError). */
static int write_step(Writer *w) {
  if (w->at == w->filled) {
    w->at = 0;
    if (w->left) {
      w->filled = w->left < (uint64_t)w->chunk ? (int)w->left : w->chunk;
      random_fill(&w->random, w->buffer, (size_t)w->filled);
      hash_add(&w->hash, w->buffer, (size_t)w->filled);
      w->left -= (uint64_t)w->filled;
    } else if (!w->trailer) {
      uint64_t value = hash_end(&w->hash);
      memcpy(w->buffer, &value, 8);
      w->filled = 8;
      w->trailer = 1;
    } else {
      return shutdown(w->s, STOP_SENDING) ? -1 : 0;
    }
  }
  int sent = send(w->s, w->buffer + w->at, w->filled - w->at, 0);
  if (sent < 0) return -1;
  w->at += sent;
  return 1;
}

/* One recv. 1: go on; 0: the stream has ended; -1: failed. */
static int read_step(Reader *r, int chunk) {
  int got = recv(r->s, r->buffer, chunk, 0);
  if (got <= 0) {
    r->ended = got == 0;
    return got;
  }
  int data = (uint64_t)got < r->left ? got : (int)r->left;
  hash_add(&r->hash, r->buffer, (size_t)data);
  r->left -= (uint64_t)data;
  r->moved += (uint64_t)data;
  for (int i = data; i < got; i++, r->trailer_at++)
    if (r->trailer_at < 8) ((char *)&r->trailer)[r->trailer_at] = r->buffer[i];
  return 1;
}

static int read_was_right(const char *who, Reader *r) {
  uint64_t value = hash_end(&r->hash);
  int fine = r->ended && !r->left && r->trailer_at == 8 && r->trailer == value;
  printf("%s_received=%.0f\n%s_hash=%08lx%08lx\n%s_ok=%d\n", who, (double)r->moved, who,
         (unsigned long)(value >> 32), (unsigned long)(value & 0xFFFFFFFF), who, fine);
  if (!fine) printf("%s_left=%.0f\n%s_trailer=%d\n%s_ended=%d\n", who, (double)r->left, who, r->trailer_at, who, r->ended);
  return fine;
}

static DWORD WINAPI write_thread(void *argument) {
  int step;
  while ((step = write_step(argument)) > 0) {}
  if (step < 0) printf("write_error=%s\n", error_name(WSAGetLastError()));
  return 0;
}

static int with_threads(SOCKET s, const Plan *plan, int side, const char *who) {
  Writer writer = writer_for(s, plan, side);
  Reader reader = reader_for(s, plan);
  HANDLE thread = CreateThread(NULL, 0, write_thread, &writer, 0, NULL);
  int step;
  while ((step = read_step(&reader, plan->chunk)) > 0) {}
  if (step < 0) printf("read_error=%s\n", error_name(WSAGetLastError()));
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  free(writer.buffer);
  free(reader.buffer);
  return read_was_right(who, &reader);
}

static int with_select(SOCKET s, const Plan *plan, int side, const char *who) {
  Writer writer = writer_for(s, plan, side);
  Reader reader = reader_for(s, plan);
  int writing = 1, reading = 1;
  set_blocking(s, 0);
  while (writing > 0 || reading > 0) {
    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (reading > 0) FD_SET(s, &readable);
    if (writing > 0) FD_SET(s, &writable);
    if (select(0, &readable, &writable, NULL, NULL) < 0) fail("select");
    if (FD_ISSET(s, &writable) && (writing = write_step(&writer)) < 0 && WSAGetLastError() == WSAEWOULDBLOCK) writing = 1;
    if (FD_ISSET(s, &readable) && (reading = read_step(&reader, plan->chunk)) < 0 && WSAGetLastError() == WSAEWOULDBLOCK)
      reading = 1;
  }
  return read_was_right(who, &reader);
}

static int server_main(int count, char **words) {
  SOCKET listener = listen_on(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 5);
  SOCKET s = accept(listener, NULL, NULL);
  Plan plan;
  if (s == INVALID_SOCKET) fail("accept");
  if (!recv_all(s, &plan, sizeof plan) || plan.chunk < 8 || plan.chunk > LARGEST) fail("recv of the plan");
  int fine = with_threads(s, &plan, 1, "server");
  closesocket(s);
  closesocket(listener);
  return !fine;
}

static int client_main(int count, char **words) {
  uint64_t seed = (uint64_t)option(count, words, "seed", 1);
  Plan plan = {(uint64_t)(option(count, words, "mib", 64) * 1048576), {seed, ~seed}, (int)option(count, words, "chunk", 65536), 0};
  if (plan.chunk < 8 || plan.chunk > LARGEST || plan.chunk % 8) {
    printf("error=--chunk must be a multiple of 8 between 8 and %d\n", LARGEST);
    return 2;
  }
  SOCKET s = connect_to(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0),
                        option(count, words, "patience", 0));
  if (!send_all(s, &plan, sizeof plan)) fail("send of the plan");
  double start = seconds_now();
  int fine = option(count, words, "select", 0) > 0 ? with_select(s, &plan, 0, "client") : with_threads(s, &plan, 0, "client");
  printf("each_way_mib_s=%.1f\nbytes_ok=%d\n", (double)plan.bytes / 1048576 / (seconds_now() - start), fine);
  closesocket(s);
  return !fine;
}

int main(int count, char **words) {
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) return server_main(count, words);
  if (count > 1 && !strcmp(words[1], "client")) return client_main(count, words);
  printf("usage: duplex server|client ...; see the top of duplex.c\n");
  return 2;
}
