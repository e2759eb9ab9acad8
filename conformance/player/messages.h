/* WSAAsyncSelect and the messages that it sends. A window belongs to the thread that made it, which must look for itself. */
#ifndef CONFORMANCE_PLAYER_MESSAGES_H
#define CONFORMANCE_PLAYER_MESSAGES_H

#include "names.h"

enum { FIRST_MESSAGE = WM_USER + 5, QUIET_MS = 15, PATIENCE_MS = 3000 };

typedef struct { char party, name[15]; HWND window; DWORD thread; } NamedWindow;
static NamedWindow windows[64];
static int window_count;

/* Shared by the threads of the process: names are put in under the lock. */
static HWND window_of(Call *call, const char *name) {
  EnterCriticalSection(&named_lock);
  HWND found = NULL;
  for (int i = 0; i < window_count && !found; i++)
    if (windows[i].party == call->party && !strcmp(windows[i].name, name)) found = windows[i].window;
  LeaveCriticalSection(&named_lock);
  return found;
}

/* Before this thread's first window of a script: what was posted to the windows of scripts before it. */
static void drop_old_messages(void) {
  MSG message;
  for (int i = 0; i < window_count; i++)
    if (windows[i].thread == GetCurrentThreadId()) return;
  while (PeekMessageA(&message, NULL, 0, 0, PM_REMOVE)) DispatchMessageA(&message);
}

/* window NAME: a message-only window of this thread. */
static void do_window(Call *call) {
  HWND window = NULL;
  drop_old_messages();
  /* Wine's first windows may come before the desktop that it starts for them. */
  for (int tries = 0; !window && tries < 100; tries++) {
    if (tries) Sleep(50);
    window = CreateWindowExA(0, "Static", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
  }
  EnterCriticalSection(&named_lock);
  NamedWindow *entry = &windows[window_count < 63 ? window_count++ : window_count];
  *entry = (NamedWindow){.party = call->party, .window = window, .thread = GetCurrentThreadId()};
  snprintf(entry->name, sizeof entry->name, "%s", word(call, 1));
  LeaveCriticalSection(&named_lock);
  say(call, window ? "made" : "NOT MADE");
}

static void do_destroywindow(Call *call) { say_truth(call, DestroyWindow(window_of(call, word(call, 1)))); }

static const struct { const char *name; long bit; } events[] = {
    {"READ", FD_READ}, {"WRITE", FD_WRITE}, {"OOB", FD_OOB}, {"ACCEPT", FD_ACCEPT}, {"CONNECT", FD_CONNECT}, {"CLOSE", FD_CLOSE}};
enum { EVENT_KINDS = sizeof events / sizeof *events };

/* async NAME WINDOW EVENT... [message=N]: EVENTs as READ, WRITE, ...; none cancels. */
static void do_async(Call *call) {
  long bits = setting_number(call, "bits", 0);
  for (int i = 0; i < EVENT_KINDS; i++)
    if (says(call, events[i].name)) bits |= events[i].bit;
  HWND window = !strcmp(word(call, 2), "none") ? NULL : window_of(call, word(call, 2));
  say_result(call, WSAAsyncSelect(socket_of(call)->s, window, FIRST_MESSAGE + setting_number(call, "message", 0), bits));
}

static void say_message(Call *call, const MSG *message) {
  const char *event = "?", *socket_name = "?", *window_name = "?";
  for (int i = 0; i < EVENT_KINDS; i++)
    if (WSAGETSELECTEVENT(message->lParam) == events[i].bit) event = events[i].name;
  // The last one of a number is the one that is open: numbers are given again.
  for (int i = 0; i < named_count; i++)
    if (named[i].s == (SOCKET)message->wParam && named[i].party == call->party) socket_name = named[i].name;
  for (int i = 0; i < window_count; i++)
    if (windows[i].window == message->hwnd) window_name = windows[i].name;
  int error = WSAGETSELECTERROR(message->lParam);
  say(call, "%s%s:%s", call->length ? " " : "", socket_name, event);
  if (error) say(call, "(%s)", error_name(error));
  if (strcmp(window_name, "w")) say(call, "@%s", window_name);
  if (message->message != FIRST_MESSAGE) say(call, "+%u", message->message - FIRST_MESSAGE);
}

static int is_ours(const MSG *message) { return message->message >= FIRST_MESSAGE && message->message < FIRST_MESSAGE + 32; }

/* messages [COUNT] [quiet=MS]: waits for so many, and a little for more; says what came, in its order. */
static void do_messages(Call *call) {
  int wanted = number(call, 1, 0), count = 0;
  DWORD began = GetTickCount();
  MSG message;
  for (;;) {
    while (PeekMessageA(&message, NULL, 0, 0, PM_REMOVE)) {
      if (is_ours(&message)) say_message(call, &message), count++;
      else DispatchMessageA(&message);
    }
    int enough = count >= wanted;
    DWORD spent = GetTickCount() - began;
    if (!enough && spent > PATIENCE_MS) break;
    DWORD wait = MsgWaitForMultipleObjects(0, NULL, FALSE, enough ? (DWORD)setting_number(call, "quiet", QUIET_MS) : PATIENCE_MS - spent, QS_ALLINPUT);
    if (wait == WAIT_TIMEOUT && enough) break;
  }
  if (!count) say(call, "none");
}

/* Forgets the windows of a party, once no socket sends to them any more. */
static void forget_windows(void) {
  for (int i = 0; i < window_count; i++)
    if (windows[i].thread == GetCurrentThreadId()) DestroyWindow(windows[i].window);
    else PostMessageA(windows[i].window, WM_CLOSE, 0, 0);
  window_count = 0;
}

#endif
