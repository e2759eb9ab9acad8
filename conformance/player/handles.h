/* A socket as a handle of the system: ReadFile and WriteFile, the C runtime, duplicates, child processes. */
#ifndef CONFORMANCE_PLAYER_HANDLES_H
#define CONFORMANCE_PLAYER_HANDLES_H

#include <fcntl.h>
#include <io.h>
#include "transfer.h"

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

/* duplicate NAME NEW: DuplicateHandle within this process. */
static void do_duplicate(Call *call) {
  HANDLE copy = INVALID_HANDLE_VALUE, us = GetCurrentProcess();
  Named *entry = socket_of(call);
  BOOL result = DuplicateHandle(us, (HANDLE)entry->s, us, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
  Named from = *entry, *to = named_socket(call, word(call, 2));
  to->s = (SOCKET)copy;
  to->sent = from.sent;
  to->received = from.received;
  say_truth(call, result);
}

/* closehandle NAME: CloseHandle on a socket. */
static void do_closehandle(Call *call) { say_truth(call, CloseHandle((HANDLE)socket_of(call)->s)); }

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
