/*
 * The player: a WinSock 1.1 program that makes the socket calls that a script tells it to make, and says what each
 * returned. Standard input has one call a line, "THREAD PARTY CALL ARGUMENTS..."; the answer is "THREAD WHAT IT RETURNED",
 * then, after tabs, name=value for the reader. Thread 0 is the one that reads: it makes its calls before the next line. The
 * others make theirs while lines are read on. PARTY is a letter: names of sockets are a party's own, so that one process
 * can play several parties.
 */
#ifndef CONFORMANCE_PLAYER_PLAYER_H
#define CONFORMANCE_PLAYER_PLAYER_H

#include "handles.h"
#include "names.h"
#include "sockets.h"
#include "transfer.h"
#include "waiting.h"
#ifdef WITH_EXTENSIONS
#include "extensions.h"
#endif
#ifdef WITH_MESSAGES
#include "messages.h"
#endif

enum { THREADS = 24, LINE_BYTES = 1024, MOST_MANY = 8 };

/* ---- the calls by name --------------------------------------------------------------------------------------- */

static void do_sleep(Call *call) {
  Sleep((DWORD)number(call, 1, 0));
  say(call, "slept");
}

/* Ends the process as a program does that forgets its sockets. */
static void do_exit(Call *call) { ExitProcess((UINT)number(call, 1, 0)); }

static void do_nothing(Call *call) { say(call, "ready"); }

static void do_reset(Call *call);
static void do_many(Call *call);

typedef struct { const char *name; void (*make)(Call *); } Command;

static const Command commands[] = {
    {"socket", do_socket}, {"bind", do_bind}, {"listen", do_listen}, {"listener", do_listener}, {"connect", do_connect},
    {"connection", do_connection}, {"accept", do_accept}, {"close", do_close}, {"shutdown", do_shutdown},
    {"getsockname", do_name}, {"getpeername", do_name}, {"ioctl", do_ioctl}, {"get", do_get}, {"set", do_set},
    {"send", do_send}, {"sendto", do_send}, {"recv", do_recv}, {"recvfrom", do_recvfrom}, {"recvex", do_recvex},
    {"fill", do_fill}, {"rewind", do_rewind}, {"sendall", do_sendall}, {"recvall", do_recvall}, {"select", do_select}, {"until", do_until},
    {"isset", do_isset}, {"startup", do_startup}, {"cleanup", do_cleanup}, {"lasterror", do_lasterror},
    {"seterror", do_seterror}, {"hook", do_hook}, {"isblocking", do_isblocking}, {"cancelblocking", do_cancelblocking},
    {"readfile", do_file}, {"writefile", do_file}, {"crt", do_crt}, {"duplicate", do_duplicate},
    {"beginfile", do_beginfile}, {"endfile", do_endfile}, {"port", do_port}, {"dequeue", do_dequeue},
    {"closehandle", do_closehandle}, {"child", do_child}, {"sleep", do_sleep}, {"exit", do_exit}, {"ready", do_nothing},
    {"many", do_many}, {"reset", do_reset},
#ifdef WITH_MESSAGES
    {"window", do_window}, {"destroywindow", do_destroywindow}, {"async", do_async}, {"messages", do_messages},
#endif
#ifdef WITH_EXTENSIONS
    {"acceptex", do_acceptex}, {"completes", do_completes}, {"transmitfile", do_transmitfile},
#endif
};

static void make(Call *call) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].name, call->words[0])) continue;
    commands[i].make(call);
    return;
  }
  say(call, "UNKNOWN CALL %s", call->words[0]);
}

/* many COUNT CALL...: makes it so often, "%" standing for 0, 1, ...; says each different answer once, with its number. */
static void do_many(Call *call) {
  int count = number(call, 1, 0), kinds = 0, numbers[MOST_MANY] = {0};
  static __thread char answers[MOST_MANY][200], storage[MOST_WORDS][64];
  static __thread Call one;
  for (int i = 0; i < count; i++) {
    one = (Call){.party = call->party, .thread = call->thread, .count = call->count - 2};
    for (int w = 0; w < one.count; w++) {
      const char *text = call->words[w + 2], *percent = strchr(text, '%');
      // "c%100" in a list is a range of its own.
      if (!percent || (percent[1] >= '0' && percent[1] <= '9')) snprintf(storage[w], 64, "%s", text);
      else snprintf(storage[w], 64, "%.*s%d%s", (int)(percent - text), text, i, percent + 1);
      one.words[w] = storage[w];
    }
    make(&one);
    int kind = 0;
    while (kind < kinds && strcmp(answers[kind], one.text)) kind++;
    if (kind == kinds && kinds < MOST_MANY) snprintf(answers[kinds++], 200, "%s", one.text);
    numbers[kind < MOST_MANY ? kind : MOST_MANY - 1]++;
  }
  for (int i = 0; i < kinds; i++) say(call, "%s%dx %s", i ? ", " : "", numbers[i], answers[i]);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

typedef struct { HANDLE thread, wake; volatile LONG busy; char line[LINE_BYTES]; } Worker;
static Worker workers[THREADS];
static CRITICAL_SECTION output_lock;

static void answer(Call *call) {
  static char line[TEXT_BYTES + 300];
  DWORD written;
  EnterCriticalSection(&output_lock);
  int length = snprintf(line, sizeof line, "%d %s%s\n", call->thread, call->text, call->side);
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line, (DWORD)length, &written, NULL);
  LeaveCriticalSection(&output_lock);
}

/* Makes the call of a line "PARTY CALL ARGUMENTS...". */
static void play(int thread, char *line) {
  Call *call = calloc(1, sizeof *call);
  char *rest = NULL;
  call->thread = thread;
  call->party = line[0];
  for (char *next = strtok_r(line + 1, " ", &rest); next && call->count < MOST_WORDS - 1; next = strtok_r(NULL, " ", &rest))
    call->words[call->count++] = next;
  if (call->count) make(call);
  workers[thread].busy = 0;
  answer(call);
  free(call);
}

static DWORD WINAPI worker_main(void *argument) {
  Worker *worker = argument;
  for (;;) {
    WaitForSingleObject(worker->wake, INFINITE);
    play((int)(worker - workers), worker->line);
  }
  return 0;
}

static void hand_over(int thread, const char *line) {
  Worker *worker = &workers[thread];
  if (!worker->thread) {
    worker->wake = CreateEventA(NULL, FALSE, FALSE, NULL);
    worker->thread = CreateThread(NULL, 0, worker_main, worker, 0, NULL);
  }
  snprintf(worker->line, LINE_BYTES, "%s", line);
  worker->busy = 1;
  SetEvent(worker->wake);
}

/* Closes everything that is open, for the next script. Says "busy" when a thread still waits in some call. */
static void do_reset(Call *call) {
  int busy = 0;
  for (int i = 1; i < THREADS; i++) busy += workers[i].busy && i != call->thread;
  for (int i = 0; i < named_count; i++) {
    // One that is closed already may be another socket's number by now, or any other handle's.
    if (named[i].closed || named[i].s == INVALID_SOCKET || !strcmp(named[i].name, "zero")) continue;
    if (closesocket(named[i].s) && !strcmp(named[i].name, "event")) CloseHandle((HANDLE)named[i].s);
  }
  named_count = 0;
  forget_started();
#ifdef WITH_MESSAGES
  forget_windows();
#endif
  say(call, busy ? "busy" : "clean");
}

/* Reads lines until the input ends. */
static void read_lines(void) {
  static char input[1 << 16];
  DWORD length = 0, got;
  HANDLE from = GetStdHandle(STD_INPUT_HANDLE);
  while (length < sizeof input - 1 && ReadFile(from, input + length, sizeof input - 1 - length, &got, NULL) && got) {
    length += got;
    char *line = input, *end;
    while ((end = memchr(line, '\n', (size_t)(input + length - line)))) {
      *end = 0;
      int thread = atoi(line);
      char *text = strchr(line, ' ');
      if (text && thread > 0 && thread < THREADS) hand_over(thread, text + 1);
      else if (text) play(0, text + 1);
      line = end + 1;
    }
    length -= (DWORD)(line - input);
    memmove(input, line, length);
  }
}

int main(int count, char **words) {
  WSADATA data;
  InitializeCriticalSection(&named_lock);
  InitializeCriticalSection(&output_lock);
  if (count == 6 && !strcmp(words[1], "child")) return child_main(words);
#ifdef UNSTARTED
  (void)data;
#else
  WSAStartup(MAKEWORD(1, 1), &data);
#endif
  read_lines();
  ExitProcess(0);
}

#endif
