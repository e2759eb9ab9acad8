/* transcript.c's scenarios about the state of a socket: connecting, accepting, blocking or not, options, odd calls. */

static void connect_refused(Pair *pair) {
  int port;
  closesocket(new_listener(&port));
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  say_int("connect", connect_now(s, port));
  do_error_option(s);
  do_send(s, 5);
  do_name(s, 1, 0);
  closesocket(s);
  pair->s = socket(AF_INET, SOCK_STREAM, 0);
  do_nonblocking(pair->s, 1);
  say_int("connect", connect_now(pair->s, port));
  do_select(pair->s, "we", 5000);
  do_error_option(pair->s);
  do_send(pair->s, 5);
}

static void connect_nonblocking(Pair *pair) {
  pair->port = peer_do("listen", PEER_LISTEN, 1, 0);
  pair->s = socket(AF_INET, SOCK_STREAM, 0);
  do_nonblocking(pair->s, 1);
  say_int("connect", connect_now(pair->s, pair->port));
  do_select(pair->s, "rwe", 5000);
  do_error_option(pair->s);
  say_int("connect", connect_now(pair->s, pair->port));
  do_name(pair->s, 0, 0);
  do_name(pair->s, 1, pair->port);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
  peer_do("accept", PEER_ACCEPT, 0, 1);
  peer_recv(16);
  peer_send(6);
  settle();
  do_select(pair->s, "rw", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  peer_close();
  settle();
  do_recv(pair->s, 16);
}

static void send_before_accept(Pair *pair) {
  pair->port = peer_do("listen", PEER_LISTEN, 1, 0);
  pair->s = new_connection(pair->port);
  do_select(pair->s, "rwe", 0);
  do_send(pair->s, 5);
  do_send(pair->s, 5);
  do_shutdown(pair->s, STOP_SENDING);
  peer_do("accept", PEER_ACCEPT, 0, 1);
  peer_recv(16);
  peer_recv(16);
  peer_send(5);
  do_recv(pair->s, 16);
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
}

static void accept_nonblocking(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  do_nonblocking(pair->listener, 1);
  say_int("accept", accept(pair->listener, NULL, NULL) == INVALID_SOCKET ? -1 : 0);
  do_select(pair->listener, "rwe", 0);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  do_select(pair->listener, "rwe", 5000);
  struct sockaddr_in address;
  int length = sizeof address;
  pair->s = accept(pair->listener, (struct sockaddr *)&address, &length);
  say_int("accept", pair->s == INVALID_SOCKET ? -1 : 0);
  printf("  from %s, port %s, %d bytes\n", inet_ntoa(address.sin_addr), address.sin_port ? "not 0" : "0", length);
  do_select(pair->listener, "r", 0);
  say_int("accept", accept(pair->listener, NULL, NULL) == INVALID_SOCKET ? -1 : 0);
}

static void recv_nonblocking(Pair *pair) {
  do_nonblocking(pair->s, 1);
  do_recv(pair->s, 16);
  do_recv_flags(pair->s, 16, MSG_PEEK);
  peer_send(5);
  settle();
  do_recv(pair->s, 3);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_nonblocking(pair->s, 0);
  peer_later("send", PEER_SEND, 4);
  do_recv(pair->s, 16);
}

static void send_nonblocking(Pair *pair) {
  do_nonblocking(pair->s, 1);
  do_fill(pair->s);
  do_select(pair->s, "w", 0);
  do_send(pair->s, 1);
  peer_drain_all();
  do_select(pair->s, "w", 5000);
  do_send(pair->s, 5);
  peer_drain_all();
  do_fill(pair->s);
  do_shutdown(pair->s, STOP_SENDING);
  peer_drain_all();
  peer_recv(16);
}

static void inherit_nonblocking(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  do_nonblocking(pair->listener, 1);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  do_select(pair->listener, "r", 5000);
  pair->s = accept(pair->listener, NULL, NULL);
  peer_later("send", PEER_SEND, 4);
  do_recv(pair->s, 16);
}

static void peek(Pair *pair) {
  peer_send(10);
  settle();
  do_recv_flags(pair->s, 4, MSG_PEEK);
  do_recv_flags(pair->s, 16, MSG_PEEK);
  do_recv(pair->s, 4);
  do_recv_flags(pair->s, 16, MSG_PEEK);
  do_recv(pair->s, 16);
  peer_later("send", PEER_SEND, 3);
  do_recv_flags(pair->s, 16, MSG_PEEK);
  do_recv(pair->s, 16);
  peer_close();
  settle();
  do_recv_flags(pair->s, 16, MSG_PEEK);
  do_recv(pair->s, 16);
}

static void zero_lengths(Pair *pair) {
  do_send(pair->s, 0);
  settle();
  do_nonblocking(pair->s, 1);
  do_recv(pair->s, 0);
  peer_send(0);
  settle();
  do_recv(pair->s, 16);
  peer_send(3);
  settle();
  do_recv(pair->s, 0);
  do_recv(pair->s, 16);
  peer_close();
  settle();
  do_recv(pair->s, 0);
  do_send(pair->s, 0);
}

static void fionread(Pair *pair) {
  do_fionread(pair->s);
  peer_send(10);
  settle();
  do_fionread(pair->s);
  do_recv(pair->s, 4);
  do_fionread(pair->s);
  peer_send(20);
  settle();
  do_fionread(pair->s);
  do_recv(pair->s, 26);
  peer_close();
  settle();
  do_fionread(pair->s);
}

static void options(Pair *pair) {
  do_error_option(pair->s);
  do_getsockopt(pair->s, SOL_SOCKET, SO_TYPE, "SO_TYPE");
  do_getsockopt(pair->s, SOL_SOCKET, SO_LINGER, "SO_LINGER");
  do_linger(pair->s, 1, 7);
  do_getsockopt(pair->s, SOL_SOCKET, SO_LINGER, "SO_LINGER");
  do_getsockopt(pair->s, SOL_SOCKET, SO_DONTLINGER, "SO_DONTLINGER");
  do_linger(pair->s, 0, 0);
  do_getsockopt(pair->s, SOL_SOCKET, SO_DONTLINGER, "SO_DONTLINGER");
  do_getsockopt(pair->s, SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN");
  if (pair->listener != INVALID_SOCKET) do_getsockopt(pair->listener, SOL_SOCKET, SO_ACCEPTCONN, "listener's SO_ACCEPTCONN");
  do_getsockopt(pair->s, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE");
  do_set_milliseconds(pair->s, SO_KEEPALIVE, "SO_KEEPALIVE", 1);
  do_getsockopt(pair->s, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE");
  do_getsockopt(pair->s, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY");
  do_getsockopt(pair->s, SOL_SOCKET, SO_RCVTIMEO, "SO_RCVTIMEO");
  do_set_milliseconds(pair->s, SO_RCVTIMEO, "SO_RCVTIMEO", 250);
  do_getsockopt(pair->s, SOL_SOCKET, SO_RCVTIMEO, "SO_RCVTIMEO");
  do_set_milliseconds(pair->s, SO_SNDTIMEO, "SO_SNDTIMEO", 350);
  do_getsockopt(pair->s, SOL_SOCKET, SO_SNDTIMEO, "SO_SNDTIMEO");
  do_getsockopt(pair->s, SOL_SOCKET, 0x7777, "unknown");
}

static void wrong_states(Pair *pair) {
  pair->s = socket(AF_INET, SOCK_STREAM, 0);
  do_send(pair->s, 5);
  do_recv(pair->s, 5);
  do_shutdown(pair->s, STOP_SENDING);
  do_name(pair->s, 1, 0);
  say_int("listen", listen(pair->s, 1));
  say_int("accept", accept(pair->s, NULL, NULL) == INVALID_SOCKET ? -1 : 0);
  struct sockaddr_in address = address_of("127.0.0.1", 0);
  say_int("bind", bind(pair->s, (struct sockaddr *)&address, sizeof address));
  say_int("bind", bind(pair->s, (struct sockaddr *)&address, sizeof address));
  say_int("listen", listen(pair->s, 1));
  say_int("listen", listen(pair->s, 5));
  do_name(pair->s, 1, 0);
}

static void connected_twice(Pair *pair) {
  say_int("connect", connect_now(pair->s, pair->port));
  say_int("listen", listen(pair->s, 1));
  say_int("accept", accept(pair->s, NULL, NULL) == INVALID_SOCKET ? -1 : 0);
  do_shutdown(pair->s, 7);
  do_send(pair->s, 5);
  peer_recv(16);
}

static void sendto_stream(Pair *pair) {
  char buffer[16] = "";
  struct sockaddr_in address;
  int length = sizeof address;
  memset(&address, 0x55, sizeof address);
  say_int("sendto(no address)", sendto(pair->s, "abcde", 5, 0, NULL, 0));
  peer_recv(16);
  peer_send(5);
  settle();
  say_int("recvfrom(no address)", recvfrom(pair->s, buffer, 3, 0, NULL, NULL));
  int result = recvfrom(pair->s, buffer, 16, 0, (struct sockaddr *)&address, &length);
  printf("  recvfrom = %s'%.*s'\n", outcome(result), result > 0 ? result : 0, buffer);
}
