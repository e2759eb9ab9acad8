/*
 * What the programs in this folder share: nothing but WinSock 1.1, the clock, options, numbers and names.
 *
 * They are ordinary WinSock 1.1 programs: they include <winsock.h>, link with -lwsock32 and know of no wrapper. A
 * program that needs a larger FD_SETSIZE defines it before it includes this file.
 */
#ifndef PROGRAMS_NET_H
#define PROGRAMS_NET_H

#include <winsock.h>
#include <windows.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* WinSock 1.1 has no names for the directions of shutdown. */
enum { STOP_RECEIVING = 0, STOP_SENDING = 1, STOP_BOTH = 2 };

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* splitmix64: every seed gives a usable stream. */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* Fills `bytes` bytes (rounded up to 8: the buffer must have room) from the stream. */
static inline void random_fill(uint64_t *state, void *buffer, size_t bytes) {
  uint64_t *words = buffer;
  for (size_t i = 0; i < (bytes + 7) / 8; i++) words[i] = random_next(state);
}

/* A hash over 64-bit words in the manner of FNV-1a, fed in pieces of any size: quick enough not to be the thing
   measured, and sensitive to order, loss and repetition. */
typedef struct { uint64_t value, word, total; } Hash;

static inline Hash hash_start(void) { return (Hash){0xCBF29CE484222325u, 0, 0}; }

static inline void hash_word(Hash *hash, uint64_t word) {
  uint64_t mixed = (hash->value ^ word) * 0x100000001B3u;
  hash->value = mixed ^ (mixed >> 29);
}

static inline void hash_add(Hash *hash, const void *data, size_t bytes) {
  const unsigned char *at = data, *end = at + bytes;
  while (at < end) {
    if (hash->total % 8 == 0 && end - at >= 8) {
      uint64_t word;
      memcpy(&word, at, 8);
      hash_word(hash, word);
      at += 8;
      hash->total += 8;
      continue;
    }
    hash->word |= (uint64_t)*at++ << (8 * (hash->total % 8));
    if (++hash->total % 8 == 0) {
      hash_word(hash, hash->word);
      hash->word = 0;
    }
  }
}

static inline uint64_t hash_end(Hash *hash) {
  Hash last = *hash;
  hash_word(&last, last.word);
  hash_word(&last, last.total);
  return last.value;
}

/* ---- the clock ----------------------------------------------------------------------------------------------- */

static inline double seconds_now(void) {
  static double per_tick = 0;
  LARGE_INTEGER value;
  if (per_tick == 0) {
    QueryPerformanceFrequency(&value);
    per_tick = 1.0 / (double)value.QuadPart;
  }
  QueryPerformanceCounter(&value);
  return (double)value.QuadPart * per_tick;
}

/* ---- options: PROGRAM [ROLE] --name value ... ---------------------------------------------------------------- */

static inline const char *option_text(int count, char **words, const char *name, const char *otherwise) {
  for (int i = 1; i + 1 < count; i++)
    if (!strncmp(words[i], "--", 2) && !strcmp(words[i] + 2, name)) return words[i + 1];
  return otherwise;
}

static inline double option(int count, char **words, const char *name, double otherwise) {
  const char *text = option_text(count, words, name, NULL);
  return text ? atof(text) : otherwise;
}

/* ---- errors -------------------------------------------------------------------------------------------------- */

static inline const char *error_name(int error) {
  switch (error) {
#define NAME(symbol) case symbol: return #symbol
    case 0: return "0";
    NAME(WSAEINTR); NAME(WSAEBADF); NAME(WSAEACCES); NAME(WSAEFAULT); NAME(WSAEINVAL); NAME(WSAEMFILE);
    NAME(WSAEWOULDBLOCK); NAME(WSAEINPROGRESS); NAME(WSAEALREADY); NAME(WSAENOTSOCK); NAME(WSAEDESTADDRREQ);
    NAME(WSAEMSGSIZE); NAME(WSAEPROTOTYPE); NAME(WSAENOPROTOOPT); NAME(WSAEPROTONOSUPPORT); NAME(WSAEOPNOTSUPP);
    NAME(WSAEAFNOSUPPORT); NAME(WSAEADDRINUSE); NAME(WSAEADDRNOTAVAIL); NAME(WSAENETDOWN); NAME(WSAENETUNREACH);
    NAME(WSAENETRESET); NAME(WSAECONNABORTED); NAME(WSAECONNRESET); NAME(WSAENOBUFS); NAME(WSAEISCONN);
    NAME(WSAENOTCONN); NAME(WSAESHUTDOWN); NAME(WSAETIMEDOUT); NAME(WSAECONNREFUSED); NAME(WSANOTINITIALISED);
#undef NAME
  }
  static char other[16];
  sprintf(other, "%d", error);
  return other;
}

/* Ends the program: what was attempted, and WinSock's reason. */
static inline void fail(const char *attempted) {
  printf("error=%s: %s\n", attempted, error_name(WSAGetLastError()));
  fflush(stdout);
  exit(1);
}

/* ---- sockets ------------------------------------------------------------------------------------------------- */

static inline void start_winsock(void) {
  WSADATA data;
  if (WSAStartup(MAKEWORD(1, 1), &data)) fail("WSAStartup 1.1");
}

static inline struct sockaddr_in address_of(const char *host, int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = inet_addr(host);
  address.sin_port = htons((unsigned short)port);
  return address;
}

static inline int local_port(SOCKET s) {
  struct sockaddr_in address;
  int length = sizeof address;
  if (getsockname(s, (struct sockaddr *)&address, &length)) fail("getsockname");
  return ntohs(address.sin_port);
}

static inline void set_no_delay(SOCKET s) {
  int one = 1;
  if (setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&one, sizeof one)) fail("setsockopt TCP_NODELAY");
}

static inline void set_blocking(SOCKET s, int blocking) {
  u_long on = !blocking;
  if (ioctlsocket(s, FIONBIO, &on)) fail("ioctlsocket FIONBIO");
}

/* A listening socket; port 0 lets the system choose. Prints `port=N`, the line for which a harness waits. */
static inline SOCKET listen_on(const char *host, int port, int backlog) {
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  if (s == INVALID_SOCKET) fail("socket");
  struct sockaddr_in address = address_of(host, port);
  int one = 1;
  if (port) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, (char *)&one, sizeof one);
  if (bind(s, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (listen(s, backlog)) fail("listen");
  printf("port=%d\n", local_port(s));
  fflush(stdout);
  return s;
}

/* Connects, and goes on trying for `patience` seconds while nobody listens. */
static inline SOCKET connect_to(const char *host, int port, double patience) {
  struct sockaddr_in address = address_of(host, port);
  double until = seconds_now() + patience;
  for (;;) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    if (s == INVALID_SOCKET) fail("socket");
    if (!connect(s, (struct sockaddr *)&address, sizeof address)) {
      set_no_delay(s);
      return s;
    }
    if (WSAGetLastError() != WSAECONNREFUSED || seconds_now() >= until) fail("connect");
    closesocket(s);
    Sleep(20);
  }
}

/* 1 when all bytes were sent; 0 on an error (see WSAGetLastError). */
static inline int send_all(SOCKET s, const void *data, int bytes) {
  for (const char *at = data; bytes > 0;) {
    int sent = send(s, at, bytes, 0);
    if (sent <= 0) return 0;
    at += sent;
    bytes -= sent;
  }
  return 1;
}

/* 1 when all bytes came; 0 at an error or at the end of the stream. */
static inline int recv_all(SOCKET s, void *data, int bytes) {
  for (char *at = data; bytes > 0;) {
    int got = recv(s, at, bytes, 0);
    if (got <= 0) return 0;
    at += got;
    bytes -= got;
  }
  return 1;
}

/* How many handles this process has open. Where the system does not count them (Wine answers 0), the slot that a new
   handle gets: the lowest free one, so that it grows when handles leak. */
static inline unsigned open_handles(void) {
  DWORD count = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &count) && count) return (unsigned)count;
  HANDLE probe = CreateEventA(NULL, FALSE, FALSE, NULL);
  count = (DWORD)((uintptr_t)probe / 4);
  CloseHandle(probe);
  return (unsigned)count;
}

#endif
