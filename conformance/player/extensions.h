/* Microsoft's extensions that wsock32.dll exports: AcceptEx, GetAcceptExSockaddrs, TransmitFile. */
#ifndef CONFORMANCE_PLAYER_EXTENSIONS_H
#define CONFORMANCE_PLAYER_EXTENSIONS_H

#include "handles.h"

enum { NAME_ROOM = sizeof(struct sockaddr_in) + 16 };

/* acceptex NEW LISTENER BYTES [room=N] [port]: NEW is an unconnected socket. Then `completes NEW`, or with `port` `dequeue`. */
static void do_acceptex(Call *call) {
  SOCKET listener = named_socket(call, word(call, 2))->s;
  Started *operation = start(call, listener);
  DWORD count = 0, room = (DWORD)setting_number(call, "room", NAME_ROOM);
  operation->bytes = number(call, 3, 0);
  if (says(call, "port")) without_event(operation);
  BOOL result = AcceptEx(listener, socket_of(call)->s, says(call, "null") ? NULL : operation->buffer, (DWORD)operation->bytes, room, room,
                         &count, says(call, "plain") ? NULL : &operation->overlapped);
  int error = WSAGetLastError();
  if (!result && error != ERROR_IO_PENDING) finish(operation);
  // Whether it is done at once is the system's affair: `completes` tells the same in both cases.
  say(call, "%s", result || error == ERROR_IO_PENDING ? "started" : error_name(error));
}

static void say_accepted(Call *call, Started *operation, DWORD count) {
  struct sockaddr *local = NULL, *remote = NULL;
  int local_length = 0, remote_length = 0;
  say(call, " %lu", count);
  if (count) say(call, " '%.*s'", (int)count, operation->buffer);
  GetAcceptExSockaddrs(operation->buffer, (DWORD)operation->bytes, NAME_ROOM, NAME_ROOM, &local, &local_length, &remote, &remote_length);
  if (local) say_address(call, (struct sockaddr_in *)local);
  if (remote) say_address(call, (struct sockaddr_in *)remote);
  Named *entry = named_socket(call, operation->name);
  int capitals;
  if (wrong_bytes(entry, operation->buffer, (int)count, &capitals)) say(call, " WRONG BYTES");
  entry->received += count - (unsigned)capitals;
  SOCKET listener = operation->s, s = named_socket(call, operation->name)->s;
  int result = setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&listener, sizeof listener);
  say(call, ", context ");
  say_result(call, result);
}

/* completes NAME [accept | transmit]: the operation's end. */
static void do_completes(Call *call) {
  Started *operation = started_for(call, word(call, 1), 0);
  DWORD count = 0;
  if (!operation) {
    say(call, "nothing was started");
    return;
  }
  BOOL result = WaitForSingleObject(operation->overlapped.hEvent, (DWORD)setting_number(call, "t", 5000)) == WAIT_OBJECT_0;
  if (!result) {
    say(call, "still pending");
    return;
  }
  result = GetOverlappedResult((HANDLE)operation->s, &operation->overlapped, &count, FALSE);
  say_truth(call, result);
  if (result && says(call, "accept")) say_accepted(call, operation, count);
  else if (result) say(call, " %lu", count);
  finish(operation);
}

/* A temporary file with `bytes` of the stream's pattern. */
static HANDLE pattern_file(Call *call, Named *entry, int bytes) {
  static volatile LONG files;
  char folder[MAX_PATH], path[MAX_PATH + 64];
  GetTempPathA(sizeof folder, folder);
  // Under Wine two processes may get the same name from GetTempFileName, and lose what they write. And a process that was killed
  // may have had the number of this one, and a file that is still open.
  sprintf(path, "%svmmc-%lu-%lu-%ld.tmp", folder, GetCurrentProcessId(), GetTickCount(), InterlockedIncrement(&files));
  HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
  char *buffer = malloc((size_t)bytes + 1);
  DWORD count;
  pattern_fill(buffer, bytes, entry->sent);
  if (!WriteFile(file, buffer, (DWORD)bytes, &count, NULL)) say(call, "NO FILE (write: error %lu) ", GetLastError());
  else if (GetFileSize(file, NULL) != (DWORD)bytes) say(call, "NO FILE (%lu bytes, %lu written) ", GetFileSize(file, NULL), count);
  SetFilePointer(file, 0, NULL, FILE_BEGIN);
  free(buffer);
  return file;
}

/* transmitfile NAME SIZE [bytes=N] [each=N] [flags=N] [head=TEXT] [tail=TEXT] [overlapped] [nofile] */
static void do_transmitfile(Call *call) {
  Named *entry = socket_of(call);
  int size = number(call, 2, 0), bytes = setting_number(call, "bytes", 0), overlapped = says(call, "overlapped");
  const char *head = setting(call, "head", NULL), *tail = setting(call, "tail", NULL);
  TRANSMIT_FILE_BUFFERS buffers = {(void *)head, head ? (DWORD)strlen(head) : 0,
                                                                                 (void *)tail, tail ? (DWORD)strlen(tail) : 0};
  HANDLE file = says(call, "nofile") ? NULL : pattern_file(call, entry, size);
  Started *operation = overlapped ? start(call, entry->s) : NULL;
  BOOL result = TransmitFile(entry->s, file, (DWORD)bytes, (DWORD)setting_number(call, "each", 0),
                             operation ? &operation->overlapped : NULL, head || tail ? &buffers : NULL,
                             (DWORD)setting_number(call, "flags", 0));
  int error = WSAGetLastError();
  if (operation && (result || error == ERROR_IO_PENDING)) {
    DWORD count = 0;
    WaitForSingleObject(operation->overlapped.hEvent, 5000);
    result = GetOverlappedResult((HANDLE)entry->s, &operation->overlapped, &count, FALSE);
    say_truth(call, result);
    if (result) say(call, " %lu", count);
  } else if (result) say(call, "TRUE");
  else say(call, "FALSE %s", error_name(error));
  if (result) entry->sent += (unsigned)(bytes ? bytes : size);
  if (operation) finish(operation);
  if (file) CloseHandle(file);
}

#endif
