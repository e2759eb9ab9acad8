/*
 * mortal.c's scripts: what one connection does, as a row of words.
 *
 *   open     connects, or accepts, as the role says              sN     sends N bytes
 *   rN       receives exactly N bytes                            read   receives until an end or an error
 *   write    sends until an error                                both   the two at once, in two threads
 *   half     shutdown(sending)                                   reset  SO_LINGER with 0, then close
 *   close    closesocket                                         gate   says that it is here, and goes on (a victim waits for its end)
 *   dead     waits until it is told that the other has died      ask    what select, recv and send say then
 *   again    from the beginning, until told that the other has died
 *
 * Each word's result goes into the connection's outcome: "open=ok s100=ok read=WSAECONNRESET". The first result that is
 * not "ok" ends the script, but for read, write and both, after which it goes on: an end is what they are there for.
 */
#ifndef PROGRAMS_MORTAL_SCRIPT_H
#define PROGRAMS_MORTAL_SCRIPT_H

#include "mortal-stream.h"

enum { BLOCKING, SELECTING, POLLING, GROUPED };

typedef struct {
  const char *script;
  int connector, mode, port, victim;
  unsigned connections;
  uint64_t seed;
  SOCKET listener;
} Round;

typedef struct {
  const Round *round;
  unsigned slot, iteration;
  SOCKET s;
  uint64_t random, sent, name;
  Reading reading;
  char outcome[400];
  int length, error, passed;
  HANDLE thread;
} Link;

static HANDLE dead_event;
static volatile LONG die_step;
static void die(void);
static void group_wait(SOCKET s, int writing);
static void report(const Link *link);

/* Every socket call passes here before and after: a victim's end can be set to any of these. */
static inline void step(void) {
  if (InterlockedIncrement(&ledger->steps) == die_step) die();
}

static int is_dead(void) { return WaitForSingleObject(dead_event, 0) == WAIT_OBJECT_0; }

/* ---- calls in the round's mode ------------------------------------------------------------------------------- */

static void wait_ready(const Link *link, int writing, int tries) {
  fd_set set;
  if (link->round->mode == POLLING) {
    Sleep(tries < 50 ? 0 : 1);
  } else if (link->round->mode == GROUPED) {
    group_wait(link->s, writing);
  } else {
    FD_ZERO(&set);
    FD_SET(link->s, &set);
    step();
    select(0, writing ? NULL : &set, writing ? &set : NULL, NULL, NULL);
    step();
  }
}

static int call_recv(Link *link, char *buffer, int bytes) {
  for (int tries = 0;; tries++) {
    if (link->round->mode == SELECTING || link->round->mode == GROUPED) wait_ready(link, 0, tries);
    step();
    int got = recv(link->s, buffer, bytes, 0);
    if (got > 0) reading_check(&link->reading, buffer, got);
    step();
    if (got >= 0 || link->round->mode == BLOCKING || WSAGetLastError() != WSAEWOULDBLOCK) return got;
    if (link->round->mode == POLLING) wait_ready(link, 0, tries);
  }
}

static int call_send(Link *link, char *buffer, int bytes) {
  Account *account = &ledger->accounts[link->slot];
  for (int tries = 0;; tries++) {
    if (link->round->mode == SELECTING || link->round->mode == GROUPED) wait_ready(link, 1, tries);
    stream_fill(link->name, link->sent, buffer, bytes);
    account->started = link->sent + (uint64_t)bytes;
    step();
    int sent = send(link->s, buffer, bytes, 0);
    if (sent > 0) {
      link->sent += (uint64_t)sent;
      account->acked = link->sent;
    }
    step();
    if (sent >= 0 || link->round->mode == BLOCKING || WSAGetLastError() != WSAEWOULDBLOCK) return sent;
    if (link->round->mode == POLLING) wait_ready(link, 1, tries);
  }
}

static int piece(Link *link) {
  uint64_t value = random_next(&link->random);
  return 1 + (int)((value >> 8) % (1u << (value % 17)));  // from 1 byte to 64 KiB, each size's order as likely
}

/* ---- words --------------------------------------------------------------------------------------------------- */

static const char *open_connector(Link *link) {
  struct sockaddr_in address = address_of("127.0.0.1", link->round->port);
  step();
  link->s = socket(AF_INET, SOCK_STREAM, 0);
  if (link->s == INVALID_SOCKET) return "no-socket";
  if (link->round->mode != BLOCKING) set_blocking(link->s, 0);
  step();
  int result = connect(link->s, (struct sockaddr *)&address, sizeof address);
  int error = result ? WSAGetLastError() : 0;
  step();
  if (error == WSAEWOULDBLOCK) {
    fd_set done, failed;
    FD_ZERO(&done);
    FD_ZERO(&failed);
    FD_SET(link->s, &done);
    FD_SET(link->s, &failed);
    select(0, NULL, &done, &failed, NULL);
    int length = sizeof error;
    error = 0;
    if (FD_ISSET(link->s, &failed)) getsockopt(link->s, SOL_SOCKET, SO_ERROR, (char *)&error, &length);
    step();
  }
  return error ? error_name(error) : "ok";
}

/* Accepts, until told that whoever should connect has died and nothing more is in the queue. */
static const char *open_acceptor(Link *link) {
  SOCKET listener = link->round->listener;
  if (link->round->victim && link->round->mode == BLOCKING) {
    step();
    link->s = accept(listener, NULL, NULL);
    step();
    return link->s == INVALID_SOCKET ? error_name(WSAGetLastError()) : "ok";
  }
  for (;;) {
    fd_set set;
    struct timeval patience = {0, 20000};
    int dead = is_dead();  // asked before the look: who died before it cannot connect after it
    FD_ZERO(&set);
    FD_SET(listener, &set);
    int ready = select(0, &set, NULL, NULL, &patience);
    step();
    link->s = ready > 0 ? accept(listener, NULL, NULL) : INVALID_SOCKET;
    if (link->s != INVALID_SOCKET) break;
    if (ready > 0 && WSAGetLastError() != WSAEWOULDBLOCK) return error_name(WSAGetLastError());
    if (dead && ready == 0) return "none";
  }
  step();
  set_blocking(link->s, link->round->mode == BLOCKING);
  return "ok";
}

static void new_account(Link *link) {
  Account *account = &ledger->accounts[link->slot];
  account->acked = 0;
  account->started = 0;
  account->received = 0;
  account->from = NOBODY;
  account->iteration = link->iteration;
  link->sent = 0;
  link->name = stream_name(link->round->seed, !link->round->connector, link->slot, link->iteration);
  link->reading = (Reading){link->round->seed, 0, 0, link->round->connector, {0}, account};
}

static const char *word_open(Link *link) {
  return link->round->connector ? open_connector(link) : open_acceptor(link);
}

static const char *word_send(Link *link, int64_t left) {
  char *buffer = malloc(PIECE);
  const char *result = "ok";
  while (left > 0) {
    int bytes = piece(link);
    int sent = call_send(link, buffer, left < bytes ? (int)left : bytes);
    if (sent < 0) {
      link->error = WSAGetLastError();
      result = error_name(link->error);
      break;
    }
    left -= sent;
  }
  free(buffer);
  return result;
}

static const char *word_receive(Link *link, int64_t left) {
  char *buffer = malloc(PIECE);
  const char *result = "ok";
  while (left > 0) {
    int bytes = piece(link);
    int got = call_recv(link, buffer, left < bytes ? (int)left : bytes);
    if (got <= 0) {
      result = got ? error_name(WSAGetLastError()) : "0";
      break;
    }
    left -= got;
  }
  free(buffer);
  return result;
}

static DWORD WINAPI write_thread(void *argument) {
  word_send(argument, INT64_MAX);
  return 0;
}

static void say(Link *link, const char *word, const char *result) {
  link->length += snprintf(link->outcome + link->length, sizeof link->outcome - (size_t)link->length, "%s%s=%s",
                           link->length ? " " : "", word, result);
  if (link->length >= (int)sizeof link->outcome) link->length = sizeof link->outcome - 1;
}

static void word_both(Link *link) {
  // The sizes come from two generators: which thread draws first must not matter to the other.
  Link writer = *link;
  writer.random ^= 0x5555;
  writer.thread = CreateThread(NULL, 1 << 18, write_thread, &writer, 0, NULL);
  const char *read = word_receive(link, INT64_MAX);
  WaitForSingleObject(writer.thread, INFINITE);
  CloseHandle(writer.thread);
  link->sent = writer.sent;
  say(link, "read", read);
  say(link, "write", error_name(writer.error));
}

static const char *result_name(int result) {
  return result < 0 ? error_name(WSAGetLastError()) : result ? "bytes" : "0";
}

/* What the socket says after its peer's end. Bytes of ours that went are counted as such. */
static void word_ask(Link *link) {
  fd_set readable, writable, failed;
  struct timeval now = {0, 0};
  char buffer[64], said[8] = "---";
  Sleep(10);
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&failed);
  FD_SET(link->s, &readable);
  FD_SET(link->s, &writable);
  FD_SET(link->s, &failed);
  if (select(0, &readable, &writable, &failed, &now) < 0) strcpy(said, "err");
  else {
    if (FD_ISSET(link->s, &readable)) said[0] = 'r';
    if (FD_ISSET(link->s, &writable)) said[1] = 'w';
    if (FD_ISSET(link->s, &failed)) said[2] = 'e';
  }
  say(link, "select", said);
  // Never a call that could wait for ever: this is asked of ended connections, which must not be believed to be.
  set_blocking(link->s, 0);
  say(link, "recv", result_name(recv(link->s, buffer, sizeof buffer, 0)));
  say(link, "send", result_name(send(link->s, buffer, 1, 0)));
  Sleep(10);
  say(link, "send", result_name(send(link->s, buffer, 1, 0)));
  say(link, "recv", result_name(recv(link->s, buffer, sizeof buffer, 0)));
}

static void word_close(Link *link, int abortive) {
  struct linger linger = {1, 0};
  if (abortive) setsockopt(link->s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof linger);
  step();
  say(link, abortive ? "reset" : "close", closesocket(link->s) ? error_name(WSAGetLastError()) : "ok");
  step();
  link->s = INVALID_SOCKET;
}

/* ---- the script ---------------------------------------------------------------------------------------------- */

/* One word. 0: the script ends here. */
static int do_word(Link *link, const char *word) {
  const char *result = "ok";
  if (!strcmp(word, "open")) result = word_open(link);
  else if (word[0] == 's' && word[1] >= '0' && word[1] <= '9') result = word_send(link, atoi(word + 1));
  else if (word[0] == 'r' && word[1] >= '0' && word[1] <= '9') result = word_receive(link, atoi(word + 1));
  else if (!strcmp(word, "read")) return say(link, word, word_receive(link, INT64_MAX)), 1;
  else if (!strcmp(word, "write")) return say(link, word, word_send(link, INT64_MAX)), 1;
  else if (!strcmp(word, "both")) return word_both(link), 1;
  else if (!strcmp(word, "ask")) return word_ask(link), 1;
  else if (!strcmp(word, "close") || !strcmp(word, "reset")) return word_close(link, word[0] == 'r'), 1;
  else if (!strcmp(word, "half")) result = shutdown(link->s, STOP_SENDING) ? error_name(WSAGetLastError()) : "ok";
  else if (!strcmp(word, "dead")) WaitForSingleObject(dead_event, INFINITE);
  else if (!strcmp(word, "gate")) {
    link->passed = 1;
    InterlockedIncrement(&ledger->gates);
    if (link->round->victim) Sleep(INFINITE);
    return 1;  // no result: whoever reads the outcomes knows the script
  }
  say(link, word, result);
  return !strcmp(result, "ok");
}

static void run_script(Link *link) {
  for (;; link->iteration++) {
    char words[200], *word;
    int again = 0;
    snprintf(words, sizeof words, "%s", link->round->script);
    link->outcome[0] = 0;
    link->length = 0;
    link->s = INVALID_SOCKET;
    new_account(link);
    // Words are separated by "_", so that a script is one word of a command line. strtok is not for several threads.
    for (char *at = words; (word = at); ) {
      char *end = strchr(at, '_');
      if (end) *end = 0;
      at = end ? end + 1 : NULL;
      if (!strcmp(word, "again")) again = 1;
      else if (!do_word(link, word)) break;
    }
    if (link->s != INVALID_SOCKET) closesocket(link->s);
    report(link);
    if (!again || is_dead()) break;
  }
  // Who did not come as far as the gate must not be waited for.
  if (!link->passed) InterlockedIncrement(&ledger->gates);
}

#endif
