/*
 * The second process of transcript.c: a puppet. It makes the socket calls it is told to make and reports what they
 * returned. It is told through a named pipe, so that the sockets under test are the only sockets there are.
 */
#ifndef PROGRAMS_TRANSCRIPT_PEER_H
#define PROGRAMS_TRANSCRIPT_PEER_H

#include "net.h"

enum { PEER_LISTEN, PEER_ACCEPT, PEER_CONNECT, PEER_SEND, PEER_RECV, PEER_DRAIN, PEER_SHUTDOWN, PEER_LINGER, PEER_CLOSE,
       PEER_BLOCK_IN_RECV, PEER_CLOSE_ALL };

enum { PEER_SOCKETS = 8 };

/* The pattern of every stream: position p of a stream holds the byte 'a' + p % 26. */
static inline void pattern_fill(char *buffer, int bytes, unsigned position) {
  for (int i = 0; i < bytes; i++) buffer[i] = (char)('a' + (position + (unsigned)i) % 26);
}

typedef struct { int call, slot, number, milliseconds; } PeerOrder;
typedef struct { int result, error, wrong; char text[32]; } PeerAnswer;

/* ---- the puppet's side --------------------------------------------------------------------------------------- */

typedef struct { SOCKET s; unsigned sent, received; } PeerSocket;
static PeerSocket peer_sockets[PEER_SOCKETS];

static DWORD WINAPI peer_blocked(void *argument) {
  char buffer[16];
  recv(((PeerSocket *)argument)->s, buffer, sizeof buffer, 0);
  return 0;
}

/* Reads until the stream ends or nothing came for half a second. */
static int peer_drain(PeerSocket *peer, int *wrong) {
  static char buffer[65536];
  int total = 0;
  for (;;) {
    fd_set readable;
    struct timeval patience = {0, 500000};
    FD_ZERO(&readable);
    FD_SET(peer->s, &readable);
    if (select(0, &readable, NULL, NULL, &patience) <= 0) return total;
    int got = recv(peer->s, buffer, sizeof buffer, 0);
    if (got <= 0) return total;
    for (int i = 0; i < got; i++) *wrong += buffer[i] != (char)('a' + (peer->received + (unsigned)i) % 26);
    peer->received += (unsigned)got;
    total += got;
  }
}

static PeerAnswer peer_obey(PeerOrder order) {
  PeerAnswer answer = {0};
  PeerSocket *peer = &peer_sockets[order.slot];
  static char buffer[65536];
  WSASetLastError(0);
  switch (order.call) {
    case PEER_LISTEN: {
      struct sockaddr_in address = address_of("127.0.0.1", 0);
      *peer = (PeerSocket){socket(AF_INET, SOCK_STREAM, 0), 0, 0};
      answer.result = bind(peer->s, (struct sockaddr *)&address, sizeof address) || listen(peer->s, 5);
      if (!answer.result) answer.result = local_port(peer->s);
      break;
    }
    case PEER_ACCEPT:
      *peer = (PeerSocket){accept(peer_sockets[order.number].s, NULL, NULL), 0, 0};
      answer.result = peer->s == INVALID_SOCKET ? -1 : 0;
      break;
    case PEER_CONNECT: {
      struct sockaddr_in address = address_of("127.0.0.1", order.number);
      *peer = (PeerSocket){socket(AF_INET, SOCK_STREAM, 0), 0, 0};
      answer.result = connect(peer->s, (struct sockaddr *)&address, sizeof address);
      break;
    }
    case PEER_SEND:
      pattern_fill(buffer, order.number, peer->sent);
      answer.result = send(peer->s, buffer, order.number, 0);
      if (answer.result > 0) peer->sent += (unsigned)answer.result;
      break;
    case PEER_RECV:
      answer.result = recv(peer->s, buffer, order.number, 0);
      if (answer.result > 0) {
        peer->received += (unsigned)answer.result;
        memcpy(answer.text, buffer, (size_t)(answer.result < 31 ? answer.result : 31));
      }
      break;
    case PEER_DRAIN: answer.result = peer_drain(peer, &answer.wrong); break;
    case PEER_SHUTDOWN: answer.result = shutdown(peer->s, order.number); break;
    case PEER_LINGER: {
      struct linger linger = {1, (u_short)order.number};
      answer.result = setsockopt(peer->s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof linger);
      break;
    }
    case PEER_CLOSE:
      answer.result = closesocket(peer->s);
      peer->s = 0;
      break;
    case PEER_BLOCK_IN_RECV:
      CloseHandle(CreateThread(NULL, 0, peer_blocked, peer, 0, NULL));
      Sleep(60);
      break;
    case PEER_CLOSE_ALL:
      for (int i = 0; i < PEER_SOCKETS; i++) {
        if (peer_sockets[i].s && peer_sockets[i].s != INVALID_SOCKET) closesocket(peer_sockets[i].s);
        peer_sockets[i].s = 0;
      }
      break;
  }
  answer.error = answer.result < 0 ? WSAGetLastError() : 0;
  return answer;
}

/* Carries out each order at once, or, when it says so, after answering: an act of the peer while the driver waits. */
static int peer_main(const char *pipe_name) {
  HANDLE pipe = CreateFileA(pipe_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  PeerOrder order;
  DWORD count;
  start_winsock();
  while (ReadFile(pipe, &order, sizeof order, &count, NULL) && count == sizeof order) {
    PeerAnswer answer = {0};
    if (!order.milliseconds) answer = peer_obey(order);
    WriteFile(pipe, &answer, sizeof answer, &count, NULL);
    if (order.milliseconds) {
      Sleep((DWORD)order.milliseconds);
      peer_obey(order);
    }
  }
  return 0;
}

/* ---- the driver's side --------------------------------------------------------------------------------------- */

static HANDLE peer_pipe, peer_process;

static void peer_start(const char *program) {
  static int generation;
  char name[64], command[600];
  STARTUPINFOA start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  sprintf(name, "\\\\.\\pipe\\transcript-%lu-%d", GetCurrentProcessId(), ++generation);
  peer_pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 4096,
                               4096, 0, NULL);
  sprintf(command, "\"%s\" peer %s", program, name);
  if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) fail("CreateProcess");
  CloseHandle(process.hThread);
  peer_process = process.hProcess;
  if (!ConnectNamedPipe(peer_pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED) fail("ConnectNamedPipe");
}

static PeerAnswer peer_order(int call, int slot, int number, int milliseconds) {
  PeerOrder order = {call, slot, number, milliseconds};
  PeerAnswer answer = {-1, -1, 0, ""};
  DWORD count;
  WriteFile(peer_pipe, &order, sizeof order, &count, NULL);
  ReadFile(peer_pipe, &answer, sizeof answer, &count, NULL);
  return answer;
}

/* Ends the puppet as a crash would. A new one must be started before the next order. */
static void peer_kill(void) {
  printf("    peer is killed\n");
  TerminateProcess(peer_process, 1);
  WaitForSingleObject(peer_process, 10000);
}

#endif
