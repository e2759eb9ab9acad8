/*
 * Two programs that talk until one of them is ended, at a place of its own or of somebody else's choosing.
 *
 *   mortal victim --role server|client --port N --script WORDS [--mode M] [--connections N] [--seed N] [--ledger FILE]
 *                 [--id N] [--step N | --us N] [--how terminate|exit|crash]
 *   mortal host --port N [--ledger FILE]
 *
 * The victim plays one round. It ends itself at its Nth step (a step is the beginning or end of a socket call, counted
 * over all threads), or N microseconds after its beginning, or is ended by others; else it waits for that at its gate.
 * The host survives many victims: it listens on its port and obeys lines on its standard input,
 *
 *   round --role server|client --port N --script WORDS ...    plays a round; says `outcome ...` for each connection's
 *                                                             end, and `done id=N handles=N` when all have come to theirs
 *   dead                                                      the victim has ended
 *   count N                                                   says `count=N handles=N`
 *
 * --mode: block, select (each thread its own, non-blocking), poll, group (one thread's select over all). --connections:
 * how many at once, each with a thread. Words of a script: see mortal-script.h; "_" stands between them.
 */
#include "mortal-script.h"

static CRITICAL_SECTION print_lock;

/* ---- the end ------------------------------------------------------------------------------------------------- */

static char how_to_die = 't';
static volatile int *volatile nowhere;
static double die_at;

static LONG WINAPI crash_quietly(EXCEPTION_POINTERS *exception) {
  (void)exception;
  return EXCEPTION_EXECUTE_HANDLER;  // ends the process, and asks no debugger
}

static void die(void) {
  if (how_to_die == 'e') ExitProcess(9);
  if (how_to_die == 'c') *nowhere = 1;
  TerminateProcess(GetCurrentProcess(), 9);
}

static DWORD WINAPI death_thread(void *argument) {
  (void)argument;
  while (seconds_now() < die_at)
    if (die_at - seconds_now() > 0.003) Sleep(1);
  die();
  return 0;
}

/* ---- one thread's select for all ----------------------------------------------------------------------------- */

/* Threads that wait hand in their socket; whoever of them leads selects for all. */
static struct { CRITICAL_SECTION lock; struct { SOCKET s; int writing, used, ready; } wait[2 * SLOTS]; int led; } group;
static HANDLE group_rang[2 * SLOTS];

static void group_look(void) {
  fd_set readable, writable;
  struct timeval patience = {0, 5000};  // newcomers are not heard meanwhile
  int count = 0;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  EnterCriticalSection(&group.lock);
  for (int i = 0; i < 2 * SLOTS; i++)
    if (group.wait[i].used && !group.wait[i].ready && ++count) {
      if (group.wait[i].writing) FD_SET(group.wait[i].s, &writable);
      else FD_SET(group.wait[i].s, &readable);
    }
  LeaveCriticalSection(&group.lock);
  if (!count || select(0, &readable, &writable, NULL, &patience) == 0) return;
  EnterCriticalSection(&group.lock);
  for (int i = 0; i < 2 * SLOTS; i++)
    if (group.wait[i].used && !group.wait[i].ready &&
        FD_ISSET(group.wait[i].s, group.wait[i].writing ? &writable : &readable)) {
      group.wait[i].ready = 1;
      SetEvent(group_rang[i]);
    }
  LeaveCriticalSection(&group.lock);
}

static void group_wait(SOCKET s, int writing) {
  int mine = 0, lead;
  EnterCriticalSection(&group.lock);
  while (group.wait[mine].used) mine++;
  group.wait[mine].s = s;
  group.wait[mine].writing = writing;
  group.wait[mine].ready = 0;
  group.wait[mine].used = 1;
  ResetEvent(group_rang[mine]);
  LeaveCriticalSection(&group.lock);
  for (int ready = 0; !ready;) {
    EnterCriticalSection(&group.lock);
    lead = !group.led;
    if (lead) group.led = 1;
    LeaveCriticalSection(&group.lock);
    if (lead) {
      step();
      group_look();
      step();
    } else WaitForSingleObject(group_rang[mine], 5);  // or until there is no leader
    EnterCriticalSection(&group.lock);
    if (lead) group.led = 0;
    ready = group.wait[mine].ready;
    if (ready) group.wait[mine].used = 0;
    LeaveCriticalSection(&group.lock);
  }
}

/* ---- a round ------------------------------------------------------------------------------------------------- */

static void report(const Link *link) {
  const Account *account = &ledger->accounts[link->slot];
  if (link->round->victim) return;
  EnterCriticalSection(&print_lock);
  printf("outcome slot=%u iteration=%u started=%llu acked=%llu received=%llu wrong=%u from=%u from_iteration=%u text=%s\n",
         link->slot, link->iteration, (unsigned long long)account->started, (unsigned long long)account->acked,
         (unsigned long long)account->received, account->wrong, account->from, account->from_iteration, link->outcome);
  fflush(stdout);
  LeaveCriticalSection(&print_lock);
}

static DWORD WINAPI link_thread(void *argument) {
  run_script(argument);
  return 0;
}

static void play(int count, char **words, SOCKET listener, int victim) {
  static const char *modes[] = {"block", "select", "poll", "group"};
  const char *mode = option_text(count, words, "mode", "block");
  Round round = {option_text(count, words, "script", "open_read"), 0, BLOCKING, 0, victim, 1, 0, listener};
  Link links[SLOTS];
  round.connector = !strcmp(option_text(count, words, "role", "client"), "client");
  while (round.mode < GROUPED && strcmp(mode, modes[round.mode])) round.mode++;
  round.port = (int)option(count, words, "port", 0);
  round.connections = (unsigned)option(count, words, "connections", 1);
  if (round.connections > SLOTS) round.connections = SLOTS;
  round.seed = (uint64_t)option(count, words, "seed", 1);
  ledger_clear();
  memset(&group.wait, 0, sizeof group.wait);
  ledger->spare[0] = (LONG)option(count, words, "id", 0);
  for (unsigned i = 0; i < round.connections; i++) {
    links[i] = (Link){.round = &round, .slot = i, .s = INVALID_SOCKET, .random = round.seed * 64 + 2 * i + (uint64_t)victim};
    links[i].reading.account = &ledger->accounts[i];
    links[i].thread = CreateThread(NULL, 1 << 18, link_thread, &links[i], 0, NULL);
    if (!links[i].thread) fail("CreateThread");
  }
  for (unsigned i = 0; i < round.connections; i++) {
    WaitForSingleObject(links[i].thread, INFINITE);
    CloseHandle(links[i].thread);
  }
}

static int victim_main(int count, char **words) {
  int server = !strcmp(option_text(count, words, "role", "client"), "server");
  double us = option(count, words, "us", 0);
  SOCKET listener = INVALID_SOCKET;
  how_to_die = *option_text(count, words, "how", "terminate");
  die_step = (LONG)option(count, words, "step", 0);
  SetUnhandledExceptionFilter(crash_quietly);
  ledger_open(option_text(count, words, "ledger", ""));
  ledger_clear();
  if (us > 0) {
    die_at = seconds_now() + us / 1e6;
    CloseHandle(CreateThread(NULL, 1 << 18, death_thread, NULL, 0, NULL));
  }
  if (server) {
    listener = listen_on("127.0.0.1", (int)option(count, words, "port", 0), 50);
    if (strcmp(option_text(count, words, "mode", "block"), "block")) set_blocking(listener, 0);
  }
  printf("pid=%lu\n", GetCurrentProcessId());
  fflush(stdout);
  play(count, words, listener, 1);
  Sleep(INFINITE);
  return 0;
}

/* ---- the host ------------------------------------------------------------------------------------------------ */

static char line[1000];
static HANDLE round_given, round_taken;
static SOCKET host_listener;

static DWORD WINAPI host_thread(void *argument) {
  (void)argument;
  for (;;) {
    char text[1000], *words[64];
    int count = 0;
    WaitForSingleObject(round_given, INFINITE);
    memcpy(text, line, sizeof text);
    SetEvent(round_taken);
    for (char *at = strtok(text, " \r\n"); at && count < 64; at = strtok(NULL, " \r\n")) words[count++] = at;
    play(count, words, host_listener, 0);
    /* Connections that this round did not accept are not for the next one. */
    for (SOCKET late; (late = accept(host_listener, NULL, NULL)) != INVALID_SOCKET;) closesocket(late);
    EnterCriticalSection(&print_lock);
    printf("done id=%s handles=%u\n", option_text(count, words, "id", "0"), open_handles());
    fflush(stdout);
    LeaveCriticalSection(&print_lock);
  }
  return 0;
}

static int host_main(int count, char **words) {
  ledger_open(option_text(count, words, "ledger", ""));
  round_given = CreateEventA(NULL, FALSE, FALSE, NULL);
  round_taken = CreateEventA(NULL, FALSE, FALSE, NULL);
  host_listener = listen_on("127.0.0.1", (int)option(count, words, "port", 0), 200);
  set_blocking(host_listener, 0);
  printf("pid=%lu\n", GetCurrentProcessId());
  fflush(stdout);
  CloseHandle(CreateThread(NULL, 0, host_thread, NULL, 0, NULL));
  while (fgets(line, sizeof line, stdin)) {
    if (!strncmp(line, "round ", 6)) {
      ResetEvent(dead_event);
      SetEvent(round_given);
      WaitForSingleObject(round_taken, INFINITE);
    } else if (!strncmp(line, "dead", 4)) SetEvent(dead_event);
    else if (!strncmp(line, "count", 5)) {
      printf("count=%d handles=%u\n", atoi(line + 5), open_handles());
      fflush(stdout);
    } else if (!strncmp(line, "runs ", 5)) {  // does the system say that this process runs?
      HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)atoi(line + 5));
      printf("runs=%d %d\n", atoi(line + 5), process && WaitForSingleObject(process, 0) == WAIT_TIMEOUT);
      fflush(stdout);
      CloseHandle(process);
    }
  }
  closesocket(host_listener);
  return 0;
}

int main(int count, char **words) {
  InitializeCriticalSection(&print_lock);
  InitializeCriticalSection(&group.lock);
  for (int i = 0; i < 2 * SLOTS; i++) group_rang[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
  dead_event = CreateEventA(NULL, TRUE, FALSE, NULL);
  start_winsock();
  if (count > 1 && !strcmp(words[1], "victim")) return victim_main(count, words);
  if (count > 1 && !strcmp(words[1], "host")) return host_main(count, words);
  printf("usage: mortal victim|host ...; see the top of mortal.c\n");
  return 2;
}
