/* The calls that make, name, ask and end sockets. The documentation's order of arguments, sockets by name. */
#ifndef CONFORMANCE_PLAYER_SOCKETS_H
#define CONFORMANCE_PLAYER_SOCKETS_H

#include "names.h"

/* socket NAME [dgram | raw] [family=N] [type=N] [protocol=N] */
static void do_socket(Call *call) {
  int type = says(call, "dgram") ? SOCK_DGRAM : setting_number(call, "type", SOCK_STREAM);
  SOCKET s = socket(setting_number(call, "family", AF_INET), type, setting_number(call, "protocol", 0));
  say_result(call, name_socket(call, word(call, 1), s));
}

/* bind NAME ADDRESS | null */
static void do_bind(Call *call) {
  struct sockaddr_in address;
  int length = address_of(call, word(call, 2), &address);
  SOCKET s = socket_of(call)->s;
  say_result(call, bind(s, says(call, "null") ? NULL : (struct sockaddr *)&address, length));
  tell_port(call, s);
}

static void do_listen(Call *call) { say_result(call, listen(socket_of(call)->s, number(call, 2, 5))); }

/* listener NAME [ADDRESS]: socket, bind, listen. */
static void do_listener(Call *call) {
  struct sockaddr_in address;
  int length = address_of(call, call->count > 2 ? call->words[2] : "0", &address);
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  int result = name_socket(call, word(call, 1), s);
  if (!result) result = bind(s, (struct sockaddr *)&address, length);
  if (!result) result = listen(s, 5);
  say_result(call, result);
  tell_port(call, s);
}

/* connect NAME ADDRESS | null */
static void do_connect(Call *call) {
  struct sockaddr_in address;
  int length = address_of(call, word(call, 2), &address);
  SOCKET s = socket_of(call)->s;
  say_result(call, connect(s, says(call, "null") ? NULL : (struct sockaddr *)&address, length));
  tell_port(call, s);
}

/* connection NAME ADDRESS: socket, connect. */
static void do_connection(Call *call) {
  name_socket(call, word(call, 1), socket(AF_INET, SOCK_STREAM, 0));
  do_connect(call);
}

/* accept NEW LISTENER [from] [len=N] [nolength] */
static void do_accept(Call *call) {
  struct sockaddr_in address;
  int length = setting_number(call, "len", sizeof address), wants = says(call, "from");
  memset(&address, 0, sizeof address);
  SOCKET listener = named_socket(call, word(call, 2))->s;
  SOCKET s = accept(listener, wants ? (struct sockaddr *)&address : NULL, wants && !says(call, "nolength") ? &length : NULL);
  say_result(call, name_socket(call, word(call, 1), s));
  if (s == INVALID_SOCKET || !wants) return;
  say_address(call, &address);
  say(call, " %d bytes", length);
}

static void do_close(Call *call) {
  Named *entry = socket_of(call);
  int result = closesocket(entry->s);
  if (!result) entry->closed = 1;
  say_result(call, result);
}

static void do_shutdown(Call *call) { say_result(call, shutdown(socket_of(call)->s, number(call, 2, 1))); }

/* getsockname NAME [len=N] [null], getpeername likewise. */
static void do_name(Call *call) {
  struct sockaddr_in address;
  int length = setting_number(call, "len", sizeof address);
  int (WINAPI *ask)(SOCKET, struct sockaddr *, int *) = call->words[0][3] == 'p' ? getpeername : getsockname;
  memset(&address, 0, sizeof address);
  int result = ask(socket_of(call)->s, says(call, "null") ? NULL : (struct sockaddr *)&address, &length);
  say_result(call, result);
  if (result) return;
  say_address(call, &address);
  say(call, " %d bytes", length);
}

/* ioctl NAME FIONBIO | FIONREAD | SIOCATMARK | number [VALUE] [null] */
static void do_ioctl(Call *call) {
  const char *what = word(call, 2);
  long command = !strcmp(what, "FIONBIO") ? (long)FIONBIO
               : !strcmp(what, "FIONREAD") ? (long)FIONREAD
               : !strcmp(what, "SIOCATMARK") ? (long)SIOCATMARK : (long)strtoul(what, NULL, 0);
  u_long value = (u_long)number(call, 3, 0);
  int result = ioctlsocket(socket_of(call)->s, command, says(call, "null") ? NULL : &value);
  say_result(call, result);
  if (!result && command != (long)FIONBIO) say(call, " -> %lu", value);
}

/* ---- options ------------------------------------------------------------------------------------------------- */

typedef struct { const char *name; int level, option; } Option;

#ifndef SO_EXCLUSIVEADDRUSE
#define SO_EXCLUSIVEADDRUSE ((int)(~SO_REUSEADDR))
#endif

static const Option options[] = {
#define SOCKET_OPTION(symbol) {#symbol, SOL_SOCKET, symbol}
    SOCKET_OPTION(SO_ACCEPTCONN), SOCKET_OPTION(SO_BROADCAST), SOCKET_OPTION(SO_DEBUG), SOCKET_OPTION(SO_DONTLINGER),
    SOCKET_OPTION(SO_DONTROUTE), SOCKET_OPTION(SO_ERROR), SOCKET_OPTION(SO_EXCLUSIVEADDRUSE), SOCKET_OPTION(SO_KEEPALIVE),
    SOCKET_OPTION(SO_LINGER), SOCKET_OPTION(SO_OOBINLINE), SOCKET_OPTION(SO_RCVBUF), SOCKET_OPTION(SO_RCVLOWAT),
    SOCKET_OPTION(SO_RCVTIMEO), SOCKET_OPTION(SO_REUSEADDR), SOCKET_OPTION(SO_SNDBUF), SOCKET_OPTION(SO_SNDLOWAT),
    SOCKET_OPTION(SO_SNDTIMEO), SOCKET_OPTION(SO_TYPE), SOCKET_OPTION(SO_CONNECT_TIME), SOCKET_OPTION(SO_UPDATE_ACCEPT_CONTEXT),
    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY}, {"SO_OPENTYPE", SOL_SOCKET, SO_OPENTYPE},
};

static Option option_of(Call *call) {
  const char *name = word(call, 2);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (!strcmp(options[i].name, name)) return options[i];
  return (Option){name, setting_number(call, "level", SOL_SOCKET), (int)strtol(name, NULL, 0)};
}

/* get NAME OPTION [len=N] [null] [some]: `some` when the value is the implementation's affair. */
static void do_get(Call *call) {
  Option option = option_of(call);
  union { int number; struct linger linger; char bytes[16]; } value = {0};
  int linger = option.level == SOL_SOCKET && option.option == SO_LINGER;
  int length = setting_number(call, "len", linger ? (int)sizeof value.linger : (int)sizeof value.number);
  int result = getsockopt(socket_of(call)->s, option.level, option.option, says(call, "null") ? NULL : value.bytes, &length);
  say_result(call, result);
  if (result) return;
  if (linger) say(call, " -> %d %d", value.linger.l_onoff, value.linger.l_linger);
  else if (option.level == SOL_SOCKET && option.option == SO_ERROR) say(call, " -> %s", error_name(value.number));
  else if (says(call, "some")) say(call, " -> %s", value.number > 0 ? "some" : "none");
  else say(call, " -> %d", value.number);
  say(call, ", %d bytes", length);
}

/* set NAME OPTION VALUE [SECONDS] [len=N] [null] */
static void do_set(Call *call) {
  Option option = option_of(call);
  union { int number; struct linger linger; char bytes[16]; } value = {0};
  int linger = option.level == SOL_SOCKET && option.option == SO_LINGER;
  if (linger) value.linger = (struct linger){(u_short)number(call, 3, 0), (u_short)number(call, 4, 0)};
  else value.number = number(call, 3, 0);
  int length = setting_number(call, "len", linger ? (int)sizeof value.linger : (int)sizeof value.number);
  SOCKET s = socket_of(call)->s;
  say_result(call, setsockopt(s, option.level, option.option, says(call, "null") ? NULL : value.bytes, length));
}

#endif
