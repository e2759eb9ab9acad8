/* A socket as a handle of the system: ReadFile and WriteFile, the C runtime, duplicates, child processes. */
#ifndef CONFORMANCE_PLAYER_HANDLES_H
#define CONFORMANCE_PLAYER_HANDLES_H

#include <fcntl.h>
#include <io.h>
#include "transfer.h"

enum { STARTED = 8 };

/* An operation that was started and not yet waited for, by the name of its socket. */
typedef struct { char party, name[15]; SOCKET s; OVERLAPPED overlapped; char buffer[4096]; int bytes, reads; } Started;
static Started started[STARTED];

static Started *started_for(Call *call, const char *name, int make) {
  for (int i = 0; i < STARTED; i++)
    if (started[i].party == call->party && !strcmp(started[i].name, name)) return &started[i];
  for (int i = 0; i < STARTED && make; i++) {
    if (started[i].party) continue;
    memset(&started[i], 0, sizeof started[i]);
    started[i].party = call->party;
    snprintf(started[i].name, sizeof started[i].name, "%s", name);
    return &started[i];
  }
  return NULL;
}

static Started *start(Call *call, SOCKET s) {
  Started *operation = started_for(call, word(call, 1), 1);
  if (!operation) return NULL;
  operation->s = s;
  memset(&operation->overlapped, 0, sizeof operation->overlapped);
  operation->overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  return operation;
}

/* Then a completion port is to tell of its end. */
static void without_event(Started *operation) {
  CloseHandle(operation->overlapped.hEvent);
  operation->overlapped.hEvent = NULL;
}

static void finish(Started *operation) {
  if (operation->overlapped.hEvent) CloseHandle(operation->overlapped.hEvent);
  operation->party = 0;
}

/* readfile NAME BYTES, writefile NAME BYTES [plain]: with an OVERLAPPED that is waited for, or none (`plain`). */
static void do_file(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), reads = call->words[0][0] == 'r', plain = says(call, "plain");
  char *buffer = buffer_for(call, bytes);
  OVERLAPPED overlapped = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  DWORD count = 0;
  BOOL result;
  if (!reads) fill_to_send(call, entry, buffer, bytes, 0);
  SetLastError(0);
  if (reads) result = ReadFile((HANDLE)entry->s, buffer, (DWORD)bytes, &count, plain ? NULL : &overlapped);
  else result = WriteFile((HANDLE)entry->s, buffer, (DWORD)bytes, &count, plain ? NULL : &overlapped);
  // Whether it is done at once or a little later is the system's affair.
  if (!result && !plain && GetLastError() == ERROR_IO_PENDING)
    result = GetOverlappedResult((HANDLE)entry->s, &overlapped, &count, TRUE);
  say_truth(call, result);
  if (result) {
    say(call, " ");
    if (reads) say_received(call, entry, buffer, (int)count, 0);
    else say(call, "%lu", count), entry->sent += count;
  }
  CloseHandle(overlapped.hEvent);
  free_buffer(buffer);
}

/* beginfile NAME read | write BYTES [port]: starts it, for `endfile` or, without an event, for `dequeue` to tell of its end. */
static void do_beginfile(Call *call) {
  Named *entry = socket_of(call);
  Started *operation = start(call, entry->s);
  if (!operation) {
    say(call, "too many");
    return;
  }
  if (says(call, "port")) without_event(operation);
  int reads = operation->reads = says(call, "read");
  BOOL result;
  operation->bytes = number(call, 3, 0);
  if (!reads) fill_to_send(call, entry, operation->buffer, operation->bytes, 0);
  if (reads) result = ReadFile((HANDLE)entry->s, operation->buffer, (DWORD)operation->bytes, NULL, &operation->overlapped);
  else result = WriteFile((HANDLE)entry->s, operation->buffer, (DWORD)operation->bytes, NULL, &operation->overlapped);
  DWORD error = GetLastError();
  // Whether it is done at once or a little later is the system's affair.
  if (result || error == ERROR_IO_PENDING) say(call, "started");
  else say_truth(call, result), finish(operation);
}

static void say_moved(Call *call, Started *operation, DWORD count) {
  Named *entry = named_socket(call, operation->name);
  say(call, " ");
  if (operation->reads) say_received(call, entry, operation->buffer, (int)count, 0);
  else say(call, "%lu", count), entry->sent += count;
}

/* endfile NAME [t=MS]: waits for the end of what `beginfile` has started. */
static void do_endfile(Call *call) {
  Started *operation = started_for(call, word(call, 1), 0);
  DWORD count = 0;
  if (!operation) say(call, "nothing was started");
  else if (WaitForSingleObject(operation->overlapped.hEvent, (DWORD)setting_number(call, "t", 5000)) != WAIT_OBJECT_0) say(call, "still pending");
  else {
    BOOL result = GetOverlappedResult((HANDLE)operation->s, &operation->overlapped, &count, FALSE);
    say_truth(call, result);
    if (result) say_moved(call, operation, count);
    finish(operation);
  }
}

static HANDLE ports[128]; /* of each party */

/*
 * For the next script: the sockets are closed, and so everything ends soon. Nothing may be written into what is used again, and no
 * port may tell of it later.
 */
static void forget_started(void) {
  for (int i = 0; i < STARTED; i++) {
    if (!started[i].party) continue;
    if (started[i].overlapped.hEvent) WaitForSingleObject(started[i].overlapped.hEvent, 2000);
    finish(&started[i]);
  }
  for (int i = 0; i < 128; i++) {
    if (ports[i]) CloseHandle(ports[i]);
    ports[i] = NULL;
  }
}

/* port NAME KEY: the party's completion port is told of the socket's operations. */
static void do_port(Call *call) {
  HANDLE *port = &ports[call->party & 127];
  HANDLE made = CreateIoCompletionPort((HANDLE)socket_of(call)->s, *port, (ULONG_PTR)number(call, 2, 0), 0);
  if (made) *port = made;
  say_truth(call, made != NULL);
}

/* dequeue [t=MS]: what the party's completion port tells next. */
static void do_dequeue(Call *call) {
  DWORD count = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = NULL;
  BOOL result = GetQueuedCompletionStatus(ports[call->party & 127], &count, &key, &overlapped, (DWORD)setting_number(call, "t", 5000));
  say_truth(call, result);
  for (int i = 0; overlapped && i < STARTED; i++) {
    if (overlapped != &started[i].overlapped) continue;
    say(call, " key %lu, %s", (unsigned long)key, started[i].name);
    if (result) say_moved(call, &started[i], count);
    finish(&started[i]);
  }
}

/* crt NAME read BYTES | write BYTES: through a descriptor of the C runtime, which is not closed: the socket lives on. */
static void do_crt(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 3, 0), reads = says(call, "read"), result;
  char *buffer = buffer_for(call, bytes);
  int descriptor = _open_osfhandle((intptr_t)entry->s, _O_BINARY);
  if (!reads) fill_to_send(call, entry, buffer, bytes, 0);
  result = reads ? _read(descriptor, buffer, (unsigned)bytes) : _write(descriptor, buffer, (unsigned)bytes);
  if (result < 0) say(call, "-1");
  else if (reads) say_received(call, entry, buffer, result, 0);
  else say(call, "%d", result), entry->sent += (unsigned)result;
  free_buffer(buffer);
}

/* duplicate NAME NEW [close]: DuplicateHandle within this process, which may close the first handle. */
static void do_duplicate(Call *call) {
  HANDLE copy = INVALID_HANDLE_VALUE, us = GetCurrentProcess();
  Named *entry = socket_of(call);
  BOOL result = DuplicateHandle(us, (HANDLE)entry->s, us, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS | (says(call, "close") ? DUPLICATE_CLOSE_SOURCE : 0));
  // Its number may soon be another socket's, or any other handle's.
  if (result && says(call, "close")) entry->closed = 1;
  Named from = *entry, *to = named_socket(call, word(call, 2));
  to->s = (SOCKET)copy;
  to->sent = from.sent;
  to->received = from.received;
  say_truth(call, result);
}

/* closehandle NAME: CloseHandle on a socket. */
static void do_closehandle(Call *call) {
  Named *entry = socket_of(call);
  BOOL result = CloseHandle((HANDLE)entry->s);
  if (result) entry->closed = 1;
  say_truth(call, result);
}

/* child NAME send | recv | write | read BYTES: a child process that inherited the handle does it, and ends. */
static void do_child(Call *call) {
  Named *entry = socket_of(call);
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE from, to;
  char program[MAX_PATH], command[600], answer[200] = "";
  if (!CreatePipe(&from, &to, &inherited, 0)) return;
  SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
  GetModuleFileNameA(NULL, program, sizeof program);
  sprintf(command, "\"%s\" child %llu %s %d %u", program, (unsigned long long)entry->s, word(call, 2), number(call, 3, 0),
          says(call, "send") ? entry->sent : entry->received);
  STARTUPINFOA start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES, .hStdOutput = to, .hStdError = to};
  PROCESS_INFORMATION process;
  BOOL made = CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process);
  CloseHandle(to);
  if (!made) {
    CloseHandle(from);
    say(call, "CreateProcess failed");
    return;
  }
  DWORD got, length = 0;
  while (length < sizeof answer - 1 && ReadFile(from, answer + length, sizeof answer - 1 - length, &got, NULL) && got) length += got;
  WaitForSingleObject(process.hProcess, 20000);
  CloseHandle(process.hProcess);
  CloseHandle(process.hThread);
  CloseHandle(from);
  say(call, "%s", answer);
  if ((says(call, "send") || says(call, "write")) && atoi(answer) > 0) entry->sent += (unsigned)atoi(answer);
  if ((says(call, "recv") || says(call, "read")) && atoi(answer) > 0) entry->received += (unsigned)atoi(answer);
}

/* ReadFile or WriteFile, waited for; -1 with the last error when it fails. */
static int child_file(HANDLE handle, char *buffer, int bytes, int reads) {
  OVERLAPPED overlapped = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  DWORD count = 0;
  BOOL result = reads ? ReadFile(handle, buffer, (DWORD)bytes, &count, &overlapped)
                      : WriteFile(handle, buffer, (DWORD)bytes, &count, &overlapped);
  if (!result && GetLastError() == ERROR_IO_PENDING) result = GetOverlappedResult(handle, &overlapped, &count, TRUE);
  return result ? (int)count : -1;
}

/* The child's side: PROGRAM child HANDLE CALL BYTES POSITION. */
static int child_main(char **words) {
  SOCKET s = (SOCKET)strtoull(words[2], NULL, 10);
  int bytes = atoi(words[4]), result = 0, reads = !strcmp(words[3], "read"), writes = !strcmp(words[3], "write");
  char buffer[4096];
  WSADATA data;
  WSAStartup(MAKEWORD(1, 1), &data);
  if (bytes > (int)sizeof buffer) bytes = sizeof buffer;
  pattern_fill(buffer, bytes, (unsigned)atoi(words[5]));
  if (!strcmp(words[3], "send")) result = send(s, buffer, bytes, 0);
  if (!strcmp(words[3], "recv")) result = recv(s, buffer, bytes, 0);
  if (reads || writes) result = child_file((HANDLE)s, buffer, bytes, reads);
  printf("%d", result);
  if (result < 0) printf(" %s", error_name(WSAGetLastError()));
  if (result > 0 && (reads || !strcmp(words[3], "recv"))) printf(" '%.*s'", result < SHORT_TEXT ? result : SHORT_TEXT, buffer);
  return 0;
}

#endif
