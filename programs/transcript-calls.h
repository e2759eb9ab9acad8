/*
 * transcript.c's own calls, each of which prints what it returned: values, names of errors, bytes; never a time, a port,
 * a process or a handle, so that two runs can be compared line by line.
 */
#ifndef PROGRAMS_TRANSCRIPT_CALLS_H
#define PROGRAMS_TRANSCRIPT_CALLS_H

#include "transcript-peer.h"

/* Long enough for what the peer did to arrive on any machine. */
enum { SETTLE_MS = 80, STILL_BLOCKED_MS = 1500 };

static void settle(void) { Sleep(SETTLE_MS); }

static unsigned sent_position;

static const char *outcome(int result) {
  static char text[64];
  sprintf(text, "%d %s", result, result < 0 ? error_name(WSAGetLastError()) : "");
  return text;
}

static void say_int(const char *what, int result) { printf("  %s = %s\n", what, outcome(result)); }

static int do_send(SOCKET s, int bytes) {
  char buffer[4096];
  pattern_fill(buffer, bytes, sent_position);
  int result = send(s, buffer, bytes, 0);
  printf("  send(%d) = %s\n", bytes, outcome(result));
  if (result > 0) sent_position += (unsigned)result;
  return result;
}

static int do_recv_flags(SOCKET s, int bytes, int flags) {
  char buffer[4097];
  int result = recv(s, buffer, bytes, flags);
  printf("  recv(%d%s) = %s", bytes, flags & MSG_PEEK ? ", MSG_PEEK" : "", outcome(result));
  printf(result > 0 ? "'%.*s'\n" : "\n", result, buffer);
  return result;
}

static int do_recv(SOCKET s, int bytes) { return do_recv_flags(s, bytes, 0); }

/* `sets` names the sets in which the socket is asked for: any of "rwe". timeout_ms < 0: none. */
static int do_select(SOCKET s, const char *sets, int timeout_ms) {
  fd_set set[3];
  struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  fd_set *asked[3];
  for (int i = 0; i < 3; i++) {
    FD_ZERO(&set[i]);
    asked[i] = strchr(sets, "rwe"[i]) ? &set[i] : NULL;
    if (asked[i]) FD_SET(s, asked[i]);
  }
  int result = select(0, asked[0], asked[1], asked[2], timeout_ms < 0 ? NULL : &timeout);
  printf("  select(%s, %s) = %s", sets, timeout_ms < 0 ? "no time-out" : timeout_ms ? "time-out" : "0", outcome(result));
  for (int i = 0; i < 3 && result >= 0; i++) printf("%c", asked[i] && FD_ISSET(s, asked[i]) ? "rwe"[i] : '-');
  printf("\n");
  return result;
}

static void do_shutdown(SOCKET s, int how) {
  int result = shutdown(s, how);
  printf("  shutdown(%d) = %s\n", how, outcome(result));
}

static void do_close(SOCKET s) { say_int("closesocket", closesocket(s)); }

static void do_nonblocking(SOCKET s, int on) {
  u_long value = (u_long)on;
  printf("  ioctlsocket(FIONBIO, %d) = %s\n", on, outcome(ioctlsocket(s, FIONBIO, &value)));
}

static void do_fionread(SOCKET s) {
  u_long value = 0;
  int result = ioctlsocket(s, FIONREAD, &value);
  printf("  ioctlsocket(FIONREAD) = %s -> %lu\n", outcome(result), value);
}

static void do_getsockopt(SOCKET s, int level, int name, const char *label) {
  union { int number; struct linger linger; char bytes[16]; } value = {0};
  int length = name == SO_LINGER ? (int)sizeof value.linger : (int)sizeof value.number;
  int result = getsockopt(s, level, name, value.bytes, &length);
  printf("  getsockopt(%s) = %s", label, outcome(result));
  if (result) printf("\n");
  else if (level == SOL_SOCKET && name == SO_LINGER) printf("-> %d %d\n", value.linger.l_onoff, value.linger.l_linger);
  else if (level == SOL_SOCKET && name == SO_ERROR) printf("-> %s\n", error_name(value.number));
  else printf("-> %d (%d bytes)\n", value.number, length);
}

static void do_error_option(SOCKET s) { do_getsockopt(s, SOL_SOCKET, SO_ERROR, "SO_ERROR"); }

static void do_set_milliseconds(SOCKET s, int name, const char *label, int value) {
  printf("  setsockopt(%s, %d) = %s\n", label, value, outcome(setsockopt(s, SOL_SOCKET, name, (char *)&value, sizeof value)));
}

static void do_linger(SOCKET s, int on, int seconds) {
  struct linger linger = {(u_short)on, (u_short)seconds};
  printf("  setsockopt(SO_LINGER, %d %d) = %s\n", on, seconds,
         outcome(setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof linger)));
}

/* Prints whether the name is loopback and its port the expected one (0: any but 0). */
static void do_name(SOCKET s, int peer, int port) {
  struct sockaddr_in address;
  int length = sizeof address;
  memset(&address, 0, sizeof address);
  int result = peer ? getpeername(s, (struct sockaddr *)&address, &length) : getsockname(s, (struct sockaddr *)&address, &length);
  printf("  %s = %s", peer ? "getpeername" : "getsockname", outcome(result));
  if (result) printf("\n");
  else printf("-> %s, port %s, %d bytes\n", inet_ntoa(address.sin_addr),
              (port ? ntohs(address.sin_port) == port : address.sin_port != 0) ? "as expected" : "WRONG", length);
}

/* Sends until WSAEWOULDBLOCK or another error; how much goes before that is the implementation's affair. */
static int do_fill(SOCKET s) {
  static char buffer[65536];
  int total = 0, sent;
  for (;;) {
    pattern_fill(buffer, sizeof buffer, sent_position);
    if ((sent = send(s, buffer, sizeof buffer, 0)) <= 0) break;
    sent_position += (unsigned)sent;
    total += sent;
  }
  printf("  send until it fails: %s bytes, then %s\n", total ? "some" : "no", outcome(sent));
  return total;
}

/* ---- the peer's calls ---------------------------------------------------------------------------------------- */

static int peer_do(const char *label, int call, int slot, int number) {
  PeerAnswer answer = peer_order(call, slot, number, 0);
  printf("    peer %s", label);
  if (call == PEER_SEND || call == PEER_RECV || call == PEER_SHUTDOWN) printf("(%d)", number);
  if (call == PEER_DRAIN) printf(": %s, %d wrong bytes\n", answer.result ? "some bytes" : "no bytes", answer.wrong);
  else if (call == PEER_LISTEN) printf(" = %s\n", answer.result > 0 ? "0" : error_name(answer.error));
  else printf(" = %d %s%s%s%s\n", answer.result, answer.result < 0 ? error_name(answer.error) : "",
              answer.text[0] ? "'" : "", answer.text, answer.text[0] ? "'" : "");
  return answer.result;
}

static int peer_send(int bytes) { return peer_do("send", PEER_SEND, 0, bytes); }
static int peer_recv(int bytes) { return peer_do("recv", PEER_RECV, 0, bytes); }
static int peer_drain_all(void) { return peer_do("drains", PEER_DRAIN, 0, 0); }
static int peer_shutdown(int how) { return peer_do("shutdown", PEER_SHUTDOWN, 0, how); }
static int peer_linger(int seconds) { return peer_do("linger", PEER_LINGER, 0, seconds); }
static int peer_close(void) { return peer_do("closesocket", PEER_CLOSE, 0, 0); }

/* The peer will make this call once the driver has had time to block. */
static void peer_later(const char *label, int call, int number) {
  printf("    peer will %s\n", label);
  peer_order(call, 0, number, SETTLE_MS);
}

/* ---- calls made by a second thread --------------------------------------------------------------------------- */

typedef struct { HANDLE thread; SOCKET s; char call; int bytes, result, error, got; char text[32]; } Blocked;

static DWORD WINAPI blocked_main(void *argument) {
  Blocked *blocked = argument;
  static char big[65536];
  fd_set set;
  WSASetLastError(0);
  if (blocked->call == 'r') {
    blocked->result = recv(blocked->s, blocked->text, blocked->bytes, 0);
  } else if (blocked->call == 'a') {
    SOCKET accepted = accept(blocked->s, NULL, NULL);
    blocked->result = accepted == INVALID_SOCKET ? -1 : 0;
  } else if (blocked->call == 's') {
    FD_ZERO(&set);
    FD_SET(blocked->s, &set);
    blocked->result = select(0, &set, NULL, NULL, NULL);
    blocked->got = blocked->result > 0 && FD_ISSET(blocked->s, &set);
  } else {
    do blocked->result = send(blocked->s, big, sizeof big, 0); while (blocked->result > 0);
  }
  blocked->error = WSAGetLastError();
  return 0;
}

/* call: 'r'ecv, 'a'ccept, 's'elect for reading, 'w'rite until it fails. Never freed: the thread may outlive the wait. */
static Blocked *block_in(char call, SOCKET s) {
  Blocked *blocked = calloc(1, sizeof *blocked);
  blocked->s = s;
  blocked->call = call;
  blocked->bytes = 16;
  blocked->thread = CreateThread(NULL, 0, blocked_main, blocked, 0, NULL);
  settle();
  return blocked;
}

static void blocked_ends(Blocked *blocked) {
  const char *name = blocked->call == 'r' ? "recv" : blocked->call == 'a' ? "accept" : blocked->call == 's' ? "select" : "send";
  if (WaitForSingleObject(blocked->thread, STILL_BLOCKED_MS) == WAIT_TIMEOUT) {
    printf("  (other thread) %s is still blocked\n", name);
    return;
  }
  printf("  (other thread) %s = %d %s%.*s\n", name, blocked->result, blocked->result < 0 ? error_name(blocked->error) : "",
         blocked->call == 'r' && blocked->result > 0 ? blocked->result : 0, blocked->text);
}

#endif
