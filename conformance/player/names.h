/*
 * What every call of the player uses: the call with its words, sockets by their names in the script, and text for results.
 * Nothing that differs from run to run is printed: sockets by name, ports as <number> for the reader to translate.
 */
#ifndef CONFORMANCE_PLAYER_NAMES_H
#define CONFORMANCE_PLAYER_NAMES_H

#include <winsock.h>
#include <windows.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A set as large as a script may want; winsock looks at the count only. */
enum { MOST_SOCKETS = 1280, MOST_WORDS = 40, TEXT_BYTES = 1 << 16 };
typedef struct { u_int count; SOCKET array[MOST_SOCKETS]; } LargeSet;

/* A socket that the script has named. The handle stays after closesocket: calls on closed sockets are part of the play. */
typedef struct { char party, name[15]; SOCKET s; int closed; unsigned sent, received; } Named;

/* One line of the script: its words, and what is said about it. */
typedef struct {
  char party;
  int thread, count;
  char *words[MOST_WORDS], text[TEXT_BYTES], side[256];
  int length;
} Call;

static Named named[MOST_SOCKETS];
static int named_count;
static CRITICAL_SECTION named_lock;

/* Says something in the transcript. */
static void say(Call *call, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int room = TEXT_BYTES - call->length, bytes = vsnprintf(call->text + call->length, (size_t)room, format, arguments);
  va_end(arguments);
  call->length += bytes < room ? bytes : room - 1;
}

/* Tells the reader something that is not part of the transcript: name=value, for later lines to use. */
static void tell_reader(Call *call, const char *name, unsigned value) { sprintf(call->side + strlen(call->side), "\t%s=%u", name, value); }

static const char *error_name(int error) {
  switch (error) {
#define NAME(symbol) case symbol: return #symbol
    case 0: return "no error";
    NAME(WSAEINTR); NAME(WSAEBADF); NAME(WSAEACCES); NAME(WSAEFAULT); NAME(WSAEINVAL); NAME(WSAEMFILE);
    NAME(WSAEWOULDBLOCK); NAME(WSAEINPROGRESS); NAME(WSAEALREADY); NAME(WSAENOTSOCK); NAME(WSAEDESTADDRREQ);
    NAME(WSAEMSGSIZE); NAME(WSAEPROTOTYPE); NAME(WSAENOPROTOOPT); NAME(WSAEPROTONOSUPPORT); NAME(WSAESOCKTNOSUPPORT);
    NAME(WSAEOPNOTSUPP); NAME(WSAEPFNOSUPPORT); NAME(WSAEAFNOSUPPORT); NAME(WSAEADDRINUSE); NAME(WSAEADDRNOTAVAIL);
    NAME(WSAENETDOWN); NAME(WSAENETUNREACH); NAME(WSAENETRESET); NAME(WSAECONNABORTED); NAME(WSAECONNRESET);
    NAME(WSAENOBUFS); NAME(WSAEISCONN); NAME(WSAENOTCONN); NAME(WSAESHUTDOWN); NAME(WSAETIMEDOUT);
    NAME(WSAECONNREFUSED); NAME(WSAEHOSTUNREACH); NAME(WSASYSNOTREADY); NAME(WSAVERNOTSUPPORTED);
    NAME(WSANOTINITIALISED); NAME(WSAHOST_NOT_FOUND); NAME(WSANO_DATA); NAME(ERROR_INVALID_HANDLE);
    NAME(ERROR_INVALID_PARAMETER); NAME(ERROR_IO_PENDING); NAME(ERROR_NETNAME_DELETED); NAME(ERROR_HANDLE_EOF);
    NAME(ERROR_BROKEN_PIPE); NAME(ERROR_NOT_SUPPORTED); NAME(ERROR_OPERATION_ABORTED); NAME(ERROR_NOT_FOUND);
    NAME(ERROR_NO_DATA); NAME(ERROR_PIPE_NOT_CONNECTED); NAME(ERROR_INVALID_FUNCTION); NAME(ERROR_GRACEFUL_DISCONNECT);
    NAME(ERROR_CONNECTION_ABORTED); NAME(ERROR_NOACCESS); NAME(WAIT_TIMEOUT);
    case 676: return "ERROR_HANDLES_CLOSED"; // not in every winerror.h
#undef NAME
  }
  static __thread char other[24];
  sprintf(other, "error %d", error);
  return other;
}

/* A call's value, with the reason if it is WinSock's "it failed". */
static void say_result(Call *call, int result) {
  if (result < 0) say(call, "%d %s", result, error_name(WSAGetLastError()));
  else say(call, "%d", result);
}

/* For calls that answer TRUE or FALSE, with GetLastError. */
static void say_truth(Call *call, int result) {
  int error = (int)GetLastError();
  if (result) say(call, "TRUE");
  else say(call, "FALSE %s", error_name(error));
}

static const char *word(Call *call, int index) { return index < call->count ? call->words[index] : ""; }

/* The value of a word name=value; `otherwise` if there is none. */
static const char *setting(Call *call, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (int i = 1; i < call->count; i++)
    if (!strncmp(call->words[i], name, length) && call->words[i][length] == '=') return call->words[i] + length + 1;
  return otherwise;
}

static int setting_number(Call *call, const char *name, int otherwise) {
  const char *text = setting(call, name, NULL);
  return text ? (int)strtol(text, NULL, 0) : otherwise;
}

/* True when the script says that word (a flag such as "peek") anywhere in the line. */
static int says(Call *call, const char *name) {
  for (int i = 1; i < call->count; i++)
    if (!strcmp(call->words[i], name)) return 1;
  return 0;
}

static int number(Call *call, int index, int otherwise) {
  return index < call->count ? (int)strtol(call->words[index], NULL, 0) : otherwise;
}

/* The entry of a name, made if there is none. Handles that are no sockets have names of their own. */
static Named *named_socket(Call *call, const char *name) {
  EnterCriticalSection(&named_lock);
  Named *found = NULL;
  for (int i = 0; i < named_count && !found; i++)
    if (named[i].party == call->party && !strcmp(named[i].name, name)) found = &named[i];
  if (!found) {
    found = &named[named_count < MOST_SOCKETS - 1 ? named_count++ : named_count];
    *found = (Named){.party = call->party, .s = INVALID_SOCKET};
    snprintf(found->name, sizeof found->name, "%s", name);
    if (!strcmp(name, "zero")) found->s = 0;
    if (!strcmp(name, "event")) found->s = (SOCKET)CreateEventA(NULL, TRUE, FALSE, NULL);
  }
  LeaveCriticalSection(&named_lock);
  return found;
}

static Named *socket_of(Call *call) { return named_socket(call, word(call, 1)); }

/* A new socket under a name: its streams begin at their beginning. */
static int name_socket(Call *call, const char *name, SOCKET s) {
  Named *entry = named_socket(call, name);
  entry->s = s;
  entry->closed = 0;
  entry->sent = entry->received = 0;
  return s == INVALID_SOCKET ? -1 : 0;
}

/* [family=N] and "80", "127.0.0.2:80", "any:80"; the length that goes with it is len=N or the right one. */
static int address_of(Call *call, const char *text, struct sockaddr_in *address) {
  const char *colon = strchr(text, ':');
  char host[32] = "127.0.0.1";
  if (colon) snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
  memset(address, 0, sizeof *address);
  address->sin_family = (short)setting_number(call, "family", AF_INET);
  address->sin_port = htons((u_short)atoi(colon ? colon + 1 : text));
  address->sin_addr.s_addr = !strcmp(host, "any") ? INADDR_ANY : inet_addr(host);
  return setting_number(call, "len", (int)sizeof *address);
}

static void say_address(Call *call, const struct sockaddr_in *address) {
  const unsigned char *bytes = (const unsigned char *)&address->sin_addr;
  say(call, " %d.%d.%d.%d:<%d>", bytes[0], bytes[1], bytes[2], bytes[3], ntohs(address->sin_port));
}

/* Lets later lines refer to this socket's port. */
static void tell_port(Call *call, SOCKET s) {
  struct sockaddr_in address;
  int length = sizeof address, error = WSAGetLastError();
  if (!getsockname(s, (struct sockaddr *)&address, &length)) tell_reader(call, "port", ntohs(address.sin_port));
  WSASetLastError(error);
}

/* Position p of a stream holds the byte 'a' + p % 26. */
static void pattern_fill(char *buffer, int bytes, unsigned position) {
  for (int i = 0; i < bytes; i++) buffer[i] = (char)('a' + (position + (unsigned)i) % 26);
}

#endif
