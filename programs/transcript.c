/*
 * The semantics of stream sockets as a transcript: a list of small scenarios between this process and a puppet of it, in
 * which every return value and error is printed. Run once over the kernel's sockets and once over others, and compared
 * line by line, it says whether the others may stand in for the kernel's.
 *
 *   transcript            runs everything
 *   transcript NAME...    runs the scenarios whose names contain one of the NAMEs
 *
 * Most scenarios run twice: with this process as the one that accepted the connection, and as the one that connected.
 */
#include "transcript-calls.h"

/* The connection under test, and the listener it came from (this side's, or INVALID_SOCKET). */
typedef struct { SOCKET s, listener; int connector, port; } Pair;

static SOCKET new_listener(int *port) {
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = address_of("127.0.0.1", 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 5)) fail("listen");
  *port = local_port(listener);
  return listener;
}

static SOCKET new_connection(int port) {
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = address_of("127.0.0.1", port);
  if (connect(s, (struct sockaddr *)&address, sizeof address)) fail("connect");
  return s;
}

static int connect_now(SOCKET s, int port) {
  struct sockaddr_in address = address_of("127.0.0.1", port);
  return connect(s, (struct sockaddr *)&address, sizeof address);
}

static Pair pair_open(int connector) {
  Pair pair = {INVALID_SOCKET, INVALID_SOCKET, connector, 0};
  sent_position = 0;
  if (connector) {
    pair.port = peer_order(PEER_LISTEN, 1, 0, 0).result;
    pair.s = new_connection(pair.port);
    if (peer_order(PEER_ACCEPT, 0, 1, 0).result) fail("the peer's accept");
  } else {
    pair.listener = new_listener(&pair.port);
    if (peer_order(PEER_CONNECT, 0, pair.port, 0).result) fail("the peer's connect");
    pair.s = accept(pair.listener, NULL, NULL);
    if (pair.s == INVALID_SOCKET) fail("accept");
  }
  return pair;
}

#include "transcript-ending.h"
#include "transcript-states.h"
#include "transcript-waiting.h"

/* role 'b': runs as acceptor and as connector; 'n': makes its own sockets. */
typedef struct { const char *name; char role; void (*run)(Pair *pair); } Scenario;

static const Scenario scenarios[] = {
    {"half-close by this side", 'b', half_close_here},
    {"half-close by the peer", 'b', half_close_there},
    {"close with unread data here", 'b', close_unread_here},
    {"close with unread data at the peer", 'b', close_unread_there},
    {"recv after the peer's close", 'b', recv_after_close},
    {"send after the peer's close", 'b', send_after_close},
    {"send after the peer's close with data here unread", 'b', send_after_close_unread},
    {"linger 0 close by the peer", 'b', linger_there},
    {"linger 0 close by the peer after data", 'b', linger_there_data},
    {"linger 0 close by this side", 'b', linger_here},
    {"shutdown receiving here", 'b', shutdown_receiving},
    {"shutdown both here", 'b', shutdown_both},
    {"names after the peer's close", 'b', names_after_close},
    {"calls on a closed socket", 'b', calls_on_closed},
    {"peer killed, nothing unread", 'b', killed_idle},
    {"peer killed with unread data here", 'b', killed_unread_here},
    {"peer killed with unread data there", 'b', killed_unread_there},
    {"peer killed while recv waits", 'b', killed_in_recv},
    {"peer killed while recv waits, unread data there", 'b', killed_in_recv_unread},
    {"peer killed while select waits", 'b', killed_in_select},
    {"peer killed while send waits", 'b', killed_in_send},
    {"peer killed before accept", 'n', killed_before_accept},
    {"peer killed that has not accepted", 'n', killed_not_accepted},
    {"connector closes before accept", 'n', closed_before_accept},
    {"connector resets before accept", 'n', reset_before_accept},
    {"listener closes before accept", 'n', listener_closes},
    {"connect refused", 'n', connect_refused},
    {"connect without blocking", 'n', connect_nonblocking},
    {"connect, send and close before accept", 'n', send_before_accept},
    {"accept without blocking", 'n', accept_nonblocking},
    {"recv without blocking", 'b', recv_nonblocking},
    {"send without blocking until full", 'b', send_nonblocking},
    {"accepted socket of a non-blocking listener", 'n', inherit_nonblocking},
    {"peek", 'b', peek},
    {"zero lengths", 'b', zero_lengths},
    {"bytes to read", 'b', fionread},
    {"options of a connection", 'b', options},
    {"states that do not fit", 'n', wrong_states},
    {"connected twice", 'b', connected_twice},
    {"sendto and recvfrom on a stream", 'b', sendto_stream},
    {"receive time-out", 'b', receive_timeout},
    {"send time-out", 'b', send_timeout},
    {"select on one connection", 'b', select_one},
    {"select on a mixture", 'b', select_mixture},
    {"select with bad arguments", 'b', select_bad},
    {"recv wakes up", 'b', recv_wakes},
    {"select wakes up", 'b', select_wakes},
    {"send wakes up", 'b', send_wakes},
    {"accept wakes up", 'n', accept_wakes},
    {"both directions at once", 'b', both_directions},
    {"shutdown here while recv waits", 'b', shutdown_in_recv},
    {"close while recv waits", 'b', close_in_recv},
    {"close while select waits", 'b', close_in_select},
    {"close while accept waits", 'n', close_in_accept},
};

static int wanted(const char *name, int count, char **words) {
  for (int i = 1; i < count; i++)
    if (strstr(name, words[i])) return 1;
  return count < 2;
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "peer")) return peer_main(words[2]);
  setvbuf(stdout, NULL, _IONBF, 0);
  start_winsock();
  peer_start(words[0]);
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    const Scenario *scenario = &scenarios[i];
    if (!wanted(scenario->name, count, words)) continue;
    for (int connector = 0; connector < (scenario->role == 'b' ? 2 : 1); connector++) {
      Pair pair = {INVALID_SOCKET, INVALID_SOCKET, 0, 0};
      printf("%s%s\n", scenario->name, scenario->role == 'n' ? "" : connector ? " (connector)" : " (acceptor)");
      fflush(stdout);
      if (scenario->role == 'b') pair = pair_open(connector);
      WSASetLastError(0);
      scenario->run(&pair);
      if (strstr(scenario->name, "killed")) {
        CloseHandle(peer_process);
        CloseHandle(peer_pipe);
        peer_start(words[0]);
      } else {
        peer_order(PEER_CLOSE_ALL, 0, 0, 0);
      }
      if (pair.s != INVALID_SOCKET) closesocket(pair.s);
      if (pair.listener != INVALID_SOCKET) closesocket(pair.listener);
      fflush(stdout);
    }
  }
  printf("end\n");
  fflush(stdout);
  TerminateProcess(peer_process, 0);
  ExitProcess(0);
}
