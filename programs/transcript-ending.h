/* transcript.c's scenarios in which a connection ends: by shutdown, close, reset, or the peer's death. */

static void half_close_here(Pair *pair) {
  do_send(pair->s, 5);
  do_shutdown(pair->s, STOP_SENDING);
  do_send(pair->s, 5);
  peer_recv(16);
  peer_recv(16);
  peer_send(7);
  settle();
  do_recv(pair->s, 16);
  peer_close();
  settle();
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_shutdown(pair->s, STOP_SENDING);
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
}

static void half_close_there(Pair *pair) {
  peer_send(5);
  peer_shutdown(STOP_SENDING);
  settle();
  do_select(pair->s, "rw", 0);
  do_recv(pair->s, 16);
  do_select(pair->s, "rw", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 7);
  peer_recv(16);
  do_shutdown(pair->s, STOP_SENDING);
  settle();
  peer_recv(16);
  peer_send(5);
}

static void close_unread_here(Pair *pair) {
  peer_send(10);
  settle();
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
  settle();
  peer_send(5);
  peer_recv(16);
  peer_recv(16);
}

static void close_unread_there(Pair *pair) {
  do_send(pair->s, 10);
  settle();
  peer_close();
  settle();
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
  do_error_option(pair->s);
  do_name(pair->s, 1, 0);
}

static void recv_after_close(Pair *pair) {
  peer_send(5);
  peer_close();
  settle();
  do_fionread(pair->s);
  do_recv(pair->s, 3);
  do_recv(pair->s, 16);
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_error_option(pair->s);
}

static void send_after_close(Pair *pair) {
  peer_close();
  settle();
  do_select(pair->s, "rwe", 0);
  do_send(pair->s, 5);
  settle();
  do_send(pair->s, 5);
  do_send(pair->s, 5);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_error_option(pair->s);
}

static void send_after_close_unread(Pair *pair) {
  peer_send(6);
  peer_close();
  settle();
  do_send(pair->s, 5);
  settle();
  do_send(pair->s, 5);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
}

static void linger_there(Pair *pair) {
  peer_linger(0);
  peer_close();
  settle();
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
  do_error_option(pair->s);
}

static void linger_there_data(Pair *pair) {
  peer_send(5);
  settle();
  peer_linger(0);
  peer_close();
  settle();
  do_select(pair->s, "rwe", 0);
  do_fionread(pair->s);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
}

static void linger_here(Pair *pair) {
  do_linger(pair->s, 1, 0);
  do_getsockopt(pair->s, SOL_SOCKET, SO_LINGER, "SO_LINGER");
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
  settle();
  peer_recv(16);
  peer_recv(16);
  peer_send(5);
}

static void shutdown_receiving(Pair *pair) {
  peer_send(5);
  settle();
  do_shutdown(pair->s, STOP_RECEIVING);
  do_recv(pair->s, 16);
  do_select(pair->s, "r", 0);
  do_send(pair->s, 4);
  peer_recv(16);
}

static void shutdown_both(Pair *pair) {
  do_shutdown(pair->s, STOP_BOTH);
  do_send(pair->s, 5);
  do_recv(pair->s, 16);
  peer_recv(16);
  do_name(pair->s, 0, 0);
  do_close(pair->s);
  pair->s = INVALID_SOCKET;
}

static void names_after_close(Pair *pair) {
  do_name(pair->s, 0, pair->connector ? 0 : pair->port);
  do_name(pair->s, 1, pair->connector ? pair->port : 0);
  peer_close();
  settle();
  do_name(pair->s, 0, pair->connector ? 0 : pair->port);
  do_name(pair->s, 1, pair->connector ? pair->port : 0);
}

static void calls_on_closed(Pair *pair) {
  SOCKET s = pair->s;
  u_long value = 0;
  int number = 0, length = sizeof number;
  do_close(s);
  pair->s = INVALID_SOCKET;
  do_close(s);
  do_send(s, 5);
  do_recv(s, 5);
  do_select(s, "r", 0);
  do_shutdown(s, STOP_SENDING);
  say_int("ioctlsocket(FIONREAD)", ioctlsocket(s, FIONREAD, &value));
  say_int("ioctlsocket(FIONBIO)", ioctlsocket(s, FIONBIO, &value));
  say_int("getsockopt(SO_ERROR)", getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&number, &length));
  say_int("setsockopt(SO_RCVTIMEO)", setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&number, sizeof number));
  say_int("listen", listen(s, 1));
  say_int("accept", accept(s, NULL, NULL) == INVALID_SOCKET ? -1 : 0);
  say_int("connect", connect_now(s, pair->port));
  do_name(s, 0, 0);
  do_name(s, 1, 0);
}

/* ---- the peer's death ---------------------------------------------------------------------------------------- */

static void killed_idle(Pair *pair) {
  peer_kill();
  settle();
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
  settle();
  do_send(pair->s, 5);
  do_recv(pair->s, 16);
}

static void killed_unread_here(Pair *pair) {
  peer_send(5);
  peer_kill();
  settle();
  do_select(pair->s, "rwe", 0);
  do_fionread(pair->s);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
}

static void killed_unread_there(Pair *pair) {
  do_send(pair->s, 5);
  settle();
  peer_kill();
  settle();
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
}

static void killed_in_recv(Pair *pair) {
  Blocked *blocked = block_in('r', pair->s);
  peer_kill();
  blocked_ends(blocked);
  do_recv(pair->s, 16);
}

static void killed_in_recv_unread(Pair *pair) {
  do_send(pair->s, 5);
  Blocked *blocked = block_in('r', pair->s);
  peer_kill();
  blocked_ends(blocked);
  do_recv(pair->s, 16);
}

static void killed_in_select(Pair *pair) {
  Blocked *blocked = block_in('s', pair->s);
  peer_kill();
  blocked_ends(blocked);
  do_recv(pair->s, 16);
}

static void killed_in_send(Pair *pair) {
  Blocked *blocked = block_in('w', pair->s);
  peer_kill();
  blocked_ends(blocked);
  do_send(pair->s, 5);
  do_recv(pair->s, 16);
}

static void killed_before_accept(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  peer_send(5);
  peer_kill();
  settle();
  pair->s = accept(pair->listener, NULL, NULL);
  say_int("accept", pair->s == INVALID_SOCKET ? -1 : 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
}

static void killed_not_accepted(Pair *pair) {
  pair->port = peer_do("listen", PEER_LISTEN, 1, 0);
  pair->s = new_connection(pair->port);
  do_send(pair->s, 5);
  peer_kill();
  settle();
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
}

/* ---- before accept ------------------------------------------------------------------------------------------- */

static void closed_before_accept(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  peer_send(5);
  peer_close();
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  peer_close();
  settle();
  for (int i = 0; i < 2; i++) {
    SOCKET s = accept(pair->listener, NULL, NULL);
    say_int("accept", s == INVALID_SOCKET ? -1 : 0);
    do_recv(s, 16);
    do_recv(s, 16);
    closesocket(s);
  }
}

static void reset_before_accept(Pair *pair) {
  pair->listener = new_listener(&pair->port);
  peer_do("connect", PEER_CONNECT, 0, pair->port);
  peer_send(5);
  settle();
  peer_linger(0);
  peer_close();
  settle();
  pair->s = accept(pair->listener, NULL, NULL);
  say_int("accept", pair->s == INVALID_SOCKET ? -1 : 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
}

static void listener_closes(Pair *pair) {
  pair->port = peer_do("listen", PEER_LISTEN, 0, 0);
  pair->s = new_connection(pair->port);
  do_send(pair->s, 5);
  peer_close();
  settle();
  do_select(pair->s, "rwe", 0);
  do_recv(pair->s, 16);
  do_recv(pair->s, 16);
  do_send(pair->s, 5);
}
