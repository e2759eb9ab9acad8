/* transcript.c's scenarios in which somebody waits: time-outs, select, and what wakes a blocked call up. */

static void receive_timeout(Pair *pair) {
  do_set_milliseconds(pair->s, SO_RCVTIMEO, "SO_RCVTIMEO", 100);
  do_recv(pair->s, 16);
  peer_send(5);
  settle();
  do_recv(pair->s, 16);
  do_recv_flags(pair->s, 16, MSG_PEEK);
  do_set_milliseconds(pair->s, SO_RCVTIMEO, "SO_RCVTIMEO", 0);
  peer_later("send", PEER_SEND, 4);
  do_recv(pair->s, 16);
}

static void send_timeout(Pair *pair) {
  do_set_milliseconds(pair->s, SO_SNDTIMEO, "SO_SNDTIMEO", 100);
  do_fill(pair->s);
}

static void select_one(Pair *pair) {
  do_select(pair->s, "r", 0);
  do_select(pair->s, "e", 0);
  do_select(pair->s, "w", 0);
  do_select(pair->s, "rwe", 0);
  do_select(pair->s, "r", 50);
  do_select(pair->s, "w", -1);
  peer_send(5);
  settle();
  do_select(pair->s, "r", 0);
  do_select(pair->s, "r", -1);
  do_select(pair->s, "rwe", 50);
  do_recv(pair->s, 3);
  do_select(pair->s, "re", 0);
  do_recv(pair->s, 3);
  do_select(pair->s, "re", 0);
  if (pair->listener != INVALID_SOCKET) do_select(pair->listener, "rwe", 0);
}

static void show_mixture(SOCKET tcp, SOCKET listener, SOCKET udp, int timeout_ms) {
  fd_set readable, writable;
  struct timeval timeout = {0, timeout_ms * 1000};
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(listener, &readable);
  FD_SET(tcp, &readable);
  FD_SET(udp, &readable);
  FD_SET(udp, &writable);
  if (timeout_ms) FD_ZERO(&writable);
  int result = select(0, &readable, &writable, NULL, &timeout);
  printf("  select = %s: listener %d, connection %d, datagrams %d; datagrams writable %d; counts %u %u\n", outcome(result),
         !!FD_ISSET(listener, &readable), !!FD_ISSET(tcp, &readable), !!FD_ISSET(udp, &readable), !!FD_ISSET(udp, &writable),
         readable.fd_count, writable.fd_count);
}

static void select_mixture(Pair *pair) {
  int port;
  char byte = 'x';
  SOCKET listener = new_listener(&port), udp = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = address_of("127.0.0.1", 0);
  int length = sizeof address;
  bind(udp, (struct sockaddr *)&address, sizeof address);
  getsockname(udp, (struct sockaddr *)&address, &length);
  show_mixture(pair->s, listener, udp, 0);
  show_mixture(pair->s, listener, udp, 50);
  say_int("sendto", sendto(udp, &byte, 1, 0, (struct sockaddr *)&address, sizeof address));
  show_mixture(pair->s, listener, udp, 900);
  peer_send(5);
  settle();
  show_mixture(pair->s, listener, udp, 0);
  say_int("recvfrom", recvfrom(udp, &byte, 1, 0, (struct sockaddr *)&address, &length));
  peer_do("connect", PEER_CONNECT, 2, port);
  settle();
  show_mixture(pair->s, listener, udp, 50);
  SOCKET other = accept(listener, NULL, NULL);
  peer_do("send", PEER_SEND, 2, 3);
  do_recv(other, 16);
  do_recv(pair->s, 16);
  peer_later("send", PEER_SEND, 2);
  show_mixture(pair->s, listener, udp, 900);
  closesocket(other);
  closesocket(listener);
  closesocket(udp);
}

static void select_bad(Pair *pair) {
  fd_set none, some;
  struct timeval timeout = {0, 10000};
  FD_ZERO(&none);
  say_int("select(no sets)", select(0, NULL, NULL, NULL, &timeout));
  WSASetLastError(0);
  say_int("select(empty sets)", select(0, &none, &none, &none, &timeout));
  SOCKET closed = socket(AF_INET, SOCK_STREAM, 0);
  closesocket(closed);
  FD_ZERO(&some);
  FD_SET(pair->s, &some);
  FD_SET(closed, &some);
  say_int("select(a closed socket among them)", select(0, &some, NULL, NULL, &timeout));
  closed = socket(AF_INET, SOCK_STREAM, 0);
  FD_ZERO(&some);
  FD_SET(closed, &some);
  say_int("select(unconnected, write)", select(0, NULL, &some, NULL, &timeout));
  closesocket(closed);
}

static void recv_wakes(Pair *pair) {
  Blocked *blocked = block_in('r', pair->s);
  peer_send(5);
  blocked_ends(blocked);
  blocked = block_in('r', pair->s);
  peer_shutdown(STOP_SENDING);
  blocked_ends(blocked);
}

static void select_wakes(Pair *pair) {
  Blocked *blocked = block_in('s', pair->s);
  peer_send(5);
  blocked_ends(blocked);
  do_recv(pair->s, 16);
  blocked = block_in('s', pair->s);
  peer_linger(0);
  peer_close();
  blocked_ends(blocked);
  do_recv(pair->s, 16);
}

static void send_wakes(Pair *pair) {
  Blocked *blocked = block_in('w', pair->s);
  peer_linger(0);
  peer_close();
  blocked_ends(blocked);
  do_send(pair->s, 5);
}

static void accept_wakes(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  Blocked *blocked = block_in('a', pair->listener);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  blocked_ends(blocked);
}

static void both_directions(Pair *pair) {
  Blocked *blocked = block_in('r', pair->s);
  do_send(pair->s, 5);
  peer_recv(16);
  peer_send(5);
  blocked_ends(blocked);
  peer_do("blocks in recv", PEER_BLOCK_IN_RECV, 0, 0);
  peer_send(4);
  do_recv(pair->s, 16);
}

static void shutdown_in_recv(Pair *pair) {
  Blocked *blocked = block_in('r', pair->s);
  do_shutdown(pair->s, STOP_SENDING);
  peer_recv(16);
  peer_send(5);
  blocked_ends(blocked);
}

static void close_in_recv(Pair *pair) {
  Blocked *blocked = block_in('r', pair->s);
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
  blocked_ends(blocked);
  settle();
  peer_recv(16);
}

static void close_in_select(Pair *pair) {
  Blocked *blocked = block_in('s', pair->s);
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
  blocked_ends(blocked);
}

static void close_in_accept(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  Blocked *blocked = block_in('a', pair->listener);
  do_close(pair->listener);
  pair->listener = INVALID_SOCKET;
  blocked_ends(blocked);
}
