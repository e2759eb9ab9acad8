/* select, and WinSock's own affairs: start, end, errors, blocking hooks. */
#ifndef CONFORMANCE_PLAYER_WAITING_H
#define CONFORMANCE_PLAYER_WAITING_H

#include "names.h"

/* Fills a set from "a,b,c%100": c%100 stands for c0 to c99. NULL when the script gives no such set. */
static LargeSet *set_of(Call *call, const char *name, char *list, size_t room) {
  const char *text = setting(call, name, NULL);
  if (!text) return NULL;
  LargeSet *set = calloc(1, sizeof *set);
  snprintf(list, room, "%s", text);
  char *rest = NULL, *item, copy[512];
  snprintf(copy, sizeof copy, "%s", text);
  for (item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
    char *many = strchr(item, '%'), one[24];
    int count = many ? atoi(many + 1) : 1;
    for (int i = 0; i < count && set->count < MOST_SOCKETS; i++) {
      if (many) snprintf(one, sizeof one, "%.*s%d", (int)(many - item), item, i);
      set->array[set->count++] = named_socket(call, many ? one : item)->s;
    }
  }
  return set;
}

/* Which of the list are in the set, in the list's order; of c%100, how many. */
static void say_set(Call *call, const char *name, char *list, LargeSet *set) {
  if (!set) return;
  char *rest = NULL, *item;
  const char *comma = "";
  say(call, " %s:", name);
  for (item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
    char *many = strchr(item, '%'), one[24];
    int count = many ? atoi(many + 1) : 1, found = 0;
    for (int i = 0; i < count; i++) {
      if (many) snprintf(one, sizeof one, "%.*s%d", (int)(many - item), item, i);
      found += __WSAFDIsSet(named_socket(call, many ? one : item)->s, (fd_set *)set) != 0;
    }
    if (many) say(call, "%s%d of %s", comma, found, item);
    else if (found) say(call, "%s%s", comma, item);
    if (many || found) comma = ",";
  }
  if (!*comma) say(call, "-");
}

/* select [r=LIST] [w=LIST] [e=LIST] [t=MS]: without t it waits for ever. t=S.U: seconds and microseconds. */
static void do_select(Call *call) {
  char lists[3][512];
  LargeSet *sets[3] = {set_of(call, "r", lists[0], 512), set_of(call, "w", lists[1], 512), set_of(call, "e", lists[2], 512)};
  const char *time = setting(call, "t", NULL), *point = time ? strchr(time, '.') : NULL;
  int ms = time ? atoi(time) : 0;
  struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
  if (point) timeout = (struct timeval){ms, atoi(point + 1)};
  int result = select(setting_number(call, "n", 0), (fd_set *)sets[0], (fd_set *)sets[1], (fd_set *)sets[2], time ? &timeout : NULL);
  say_result(call, result);
  for (int i = 0; i < 3; i++) {
    if (result >= 0) say_set(call, i == 0 ? "r" : i == 1 ? "w" : "e", lists[i], sets[i]);
    free(sets[i]);
  }
}

/* until [r=LIST] ...: the same with a generous time-out, for scripts that wait for something to arrive. */
static void do_until(Call *call) {
  static char patience[] = "t=20000";
  call->words[call->count++] = patience;
  do_select(call);
}

/* isset NAME LIST: __WSAFDIsSet. */
static void do_isset(Call *call) {
  char list[512];
  LargeSet *set = set_of(call, "in", list, sizeof list);
  say(call, "%d", !!__WSAFDIsSet(socket_of(call)->s, (fd_set *)set));
  free(set);
}

/* startup MAJOR MINOR [null] */
static void do_startup(Call *call) {
  WSADATA data = {0};
  int result = WSAStartup(MAKEWORD(number(call, 1, 1), number(call, 2, 1)), says(call, "null") ? NULL : &data);
  if (result) say(call, "%s", error_name(result));
  else say(call, "0 version %d.%d", LOBYTE(data.wVersion), HIBYTE(data.wVersion));
}

static void do_cleanup(Call *call) { say_result(call, WSACleanup()); }
static void do_lasterror(Call *call) { say(call, "%s", error_name(WSAGetLastError())); }

static void do_seterror(Call *call) {
  WSASetLastError(number(call, 1, 0));
  say(call, "%s", error_name((int)GetLastError()));
}

/* ---- WinSock 1.1's blocking hooks: of a thread --------------------------------------------------------------- */

static __thread int hook_calls, hook_cancels, hook_blocking;
static __thread SOCKET hook_socket;
static __thread char hook_said[80];

/* A call from the hook that would have to wait. */
static void hook_nested(void) {
  char byte = 0;
  int waits = recv(hook_socket, &byte, 1, 0), error = WSAGetLastError();
  snprintf(hook_said, sizeof hook_said, ", recv there %d %s", waits, waits < 0 ? error_name(error) : "");
}

static INT_PTR WINAPI hook_main(void) {
  hook_calls++;
  hook_blocking = WSAIsBlocking() != 0;
  if (hook_socket != INVALID_SOCKET && hook_calls == 1) hook_nested();
  if (hook_cancels && hook_calls >= hook_cancels) WSACancelBlockingCall();
  return FALSE;
}

/* hook set [cancel=N] [nested=NAME] | hook unset | hook called: of the N-th call on, it cancels; in the first, it calls recv itself. */
static void do_hook(Call *call) {
  if (says(call, "set")) {
    hook_calls = 0;
    hook_cancels = setting_number(call, "cancel", 0);
    hook_said[0] = 0;
    hook_socket = setting(call, "nested", NULL) ? named_socket(call, setting(call, "nested", ""))->s : INVALID_SOCKET;
    FARPROC before = WSASetBlockingHook((FARPROC)hook_main);
    say(call, "%s", before == (FARPROC)hook_main ? "ours before" : before ? "another before" : "none before");
  } else if (says(call, "unset")) {
    say_result(call, WSAUnhookBlockingHook());
  } else {
    say(call, "%s%s%s", hook_calls ? "called" : "never called", hook_calls && hook_blocking ? ", blocking" : "", hook_said);
  }
}

static void do_isblocking(Call *call) { say(call, "%d", WSAIsBlocking() != 0); }
static void do_cancelblocking(Call *call) { say_result(call, WSACancelBlockingCall()); }

#endif
