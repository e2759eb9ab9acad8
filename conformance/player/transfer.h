/* The calls that move bytes. Streams carry a pattern, so that each byte can be checked wherever it arrives. */
#ifndef CONFORMANCE_PLAYER_TRANSFER_H
#define CONFORMANCE_PLAYER_TRANSFER_H

#include "names.h"

enum { SHORT_TEXT = 40, BLOCK_BYTES = 1 << 16 };

/* oob, peek, dontroute, partial, flags=N */
static int flags_of(Call *call) {
  return (says(call, "oob") ? MSG_OOB : 0) | (says(call, "peek") ? MSG_PEEK : 0) |
         (says(call, "dontroute") ? MSG_DONTROUTE : 0) | (says(call, "partial") ? MSG_PARTIAL : 0) |
         setting_number(call, "flags", 0);
}

/* A buffer for `bytes`, or what the script wants instead: buf=null, buf=bad. Freed with free_buffer. */
static char *buffer_for(Call *call, int bytes) {
  const char *kind = setting(call, "buf", "");
  if (!strcmp(kind, "null")) return NULL;
  if (!strcmp(kind, "bad")) return (char *)(uintptr_t)16;
  if (!strcmp(kind, "small")) bytes = 64;
  return calloc(1, (size_t)(bytes < 1 ? 1 : bytes) + 16);
}

static void free_buffer(char *buffer) {
  if ((uintptr_t)buffer > 4096) free(buffer);
}

/* Urgent bytes are written as capitals, so that a reader can tell where they are. */
static void fill_to_send(Call *call, Named *entry, char *buffer, int bytes, int flags) {
  if ((uintptr_t)buffer <= 4096 || bytes <= 0 || !strcmp(setting(call, "buf", ""), "small")) return;
  if (!(flags & MSG_OOB)) {
    pattern_fill(buffer, bytes, entry->sent);
    return;
  }
  for (int i = 0; i < bytes; i++) buffer[i] = (char)('A' + i % 26);
}

/* send NAME BYTES [FLAGS], sendto NAME BYTES [to=ADDRESS] [FLAGS] */
static void do_send(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), flags = flags_of(call), result;
  const char *to = setting(call, "to", NULL);
  struct sockaddr_in address;
  int length = to ? address_of(call, to, &address) : 0;
  char *buffer = buffer_for(call, bytes);
  fill_to_send(call, entry, buffer, bytes, flags);
  if (!strcmp(call->words[0], "sendto"))
    result = sendto(entry->s, buffer, bytes, flags, to ? (struct sockaddr *)&address : NULL, length);
  else result = send(entry->s, buffer, bytes, flags);
  say_result(call, result);
  if (result > 0 && !(flags & MSG_OOB)) entry->sent += (unsigned)result;
  free_buffer(buffer);
}

/* How many bytes are not as they were sent. Capitals, urgent bytes, are no part of the pattern: says how many there are. */
static int wrong_bytes(const Named *entry, const char *buffer, int bytes, int *capitals) {
  int wrong = 0;
  *capitals = 0;
  for (int i = 0; i < bytes; i++) {
    if (buffer[i] >= 'A' && buffer[i] <= 'Z') ++*capitals;
    else wrong += buffer[i] != (char)('a' + (entry->received + (unsigned)(i - *capitals)) % 26);
  }
  return wrong;
}

/* What came: in full when it is short, else whether it is what was sent. */
static void say_received(Call *call, Named *entry, const char *buffer, int bytes, int flags) {
  say_result(call, bytes);
  if (bytes <= 0) return;
  int capitals, wrong = wrong_bytes(entry, buffer, bytes, &capitals);
  if (bytes <= SHORT_TEXT) say(call, " '%.*s'", bytes, buffer);
  else {
    say(call, wrong ? " WRONG BYTES" : " as sent");
    if (capitals) say(call, ", %d capitals", capitals);
  }
  if (!(flags & (MSG_PEEK | MSG_OOB))) entry->received += (unsigned)(bytes - capitals);
}

/* recv NAME BYTES [FLAGS] */
static void do_recv(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), flags = flags_of(call);
  char *buffer = buffer_for(call, bytes);
  int result = recv(entry->s, buffer, bytes, flags);
  say_received(call, entry, buffer, result, flags);
  free_buffer(buffer);
}

/* recvfrom NAME BYTES [FLAGS] [from] [nolength]: a stream leaves the address as it is, which is 0x55 all over here. */
static void do_recvfrom(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), flags = flags_of(call), from = says(call, "from");
  struct sockaddr_in address, untouched;
  int length = setting_number(call, "len", sizeof address);
  memset(&address, 0x55, sizeof address);
  untouched = address;
  char *buffer = buffer_for(call, bytes);
  int result = recvfrom(entry->s, buffer, bytes, flags, from ? (struct sockaddr *)&address : NULL,
                        from && !says(call, "nolength") ? &length : NULL);
  say_received(call, entry, buffer, result, flags);
  if (result >= 0 && from) {
    if (!memcmp(&address, &untouched, sizeof address)) say(call, " no address");
    else say_address(call, &address);
  }
  free_buffer(buffer);
}

/* recvex NAME BYTES [FLAGS] [noflags] */
static void do_recvex(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), flags = flags_of(call), asked = flags;
  char *buffer = buffer_for(call, bytes);
  int result = WSARecvEx(entry->s, buffer, bytes, says(call, "noflags") ? NULL : &flags);
  say_received(call, entry, buffer, result, asked);
  if (result >= 0) say(call, " flags %d", flags);
  free_buffer(buffer);
}

/* fill NAME [chunk=N]: sends until it fails; how much goes before that is the implementation's affair. */
static void do_fill(Call *call) {
  Named *entry = socket_of(call);
  int chunk = setting_number(call, "chunk", BLOCK_BYTES), result;
  unsigned total = 0;
  char *buffer = malloc((size_t)chunk);
  for (;;) {
    pattern_fill(buffer, chunk, entry->sent);
    if ((result = send(entry->s, buffer, chunk, 0)) <= 0) break;
    entry->sent += (unsigned)result;
    total += (unsigned)result;
  }
  say(call, "%s, then ", total ? "some bytes" : "no bytes");
  say_result(call, result);
  tell_reader(call, "filled", total);
  free(buffer);
}

/* rewind NAME sent | received: that side's pattern begins anew, because how much has gone is the implementation's affair. */
static void do_rewind(Call *call) {
  Named *entry = socket_of(call);
  if (says(call, "sent")) entry->sent = 0;
  else entry->received = 0;
  say(call, "rewound");
}

/* sendall NAME BYTES [chunk=N]: until all is sent or it fails. */
static void do_sendall(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), chunk = setting_number(call, "chunk", BLOCK_BYTES), done = 0, result = 0;
  char *buffer = malloc((size_t)chunk);
  while (done < bytes) {
    int next = bytes - done < chunk ? bytes - done : chunk;
    pattern_fill(buffer, next, entry->sent);
    if ((result = send(entry->s, buffer, next, 0)) <= 0) break;
    entry->sent += (unsigned)result;
    done += result;
  }
  if (done == bytes) say(call, "all");
  else say(call, "%s, then ", done ? "some" : "none"), say_result(call, result);
  free(buffer);
}

/* recvall NAME BYTES [chunk=N]: until so many have come, or it ends. */
static void do_recvall(Call *call) {
  Named *entry = socket_of(call);
  int bytes = number(call, 2, 0), chunk = setting_number(call, "chunk", BLOCK_BYTES), done = 0, result = 0, wrong = 0;
  char *buffer = malloc((size_t)chunk);
  while (done < bytes) {
    result = recv(entry->s, buffer, bytes - done < chunk ? bytes - done : chunk, 0);
    if (result <= 0) break;
    int capitals;
    wrong += wrong_bytes(entry, buffer, result, &capitals);
    entry->received += (unsigned)(result - capitals);
    done += result;
  }
  if (done == bytes) say(call, "all");
  else say(call, "%s, then ", done ? "some" : "none"), say_result(call, result);
  if (wrong) say(call, ", %d WRONG BYTES", wrong);
  free(buffer);
}

#endif
