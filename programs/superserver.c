/*
 * A server that gives each connection to a process of its own, as inetd does; that process; and a client.
 *
 *   superserver server [--port N] [--host A] [--give inherit|duplicate|stdio] [--rounds N] [--greeting BYTES] [--child PROGRAM] [--files 1]
 *   superserver child HANDLE|- [files]
 *   superserver client --port N [--host A] [--bytes N] [--rounds N] [--greeting BYTES] [--pause MS] [--connections N] [--seed N]
 *
 * The server answers N messages of 64 bytes itself, sends the greeting, and hands the socket over: the child inherits it (and is
 * told which one it is), gets a duplicate of it (and is told on a pipe), or has it as its standard input and output, marked as
 * inheritable alone. The child sends back what it reads, to the end; with `files` by ReadFile and WriteFile. The client sends more
 * than the server reads, so that the child must find the rest, and checks every byte; --pause: before it reads.
 */
#include "net.h"
#include <io.h>

enum { MESSAGE = 64, PIECE = 16384 };

static int move(int files, SOCKET in, SOCKET out) {
  char buffer[PIECE];
  for (;;) {
    DWORD got = 0, sent = 0;
    if (!files) {
      int n = recv(in, buffer, PIECE, 0);
      if (n <= 0) return n;
      if (!send_all(out, buffer, n)) return -1;
      continue;
    }
    if (!ReadFile((HANDLE)in, buffer, PIECE, &got, NULL)) return -1;
    if (!got) return 0;
    if (!WriteFile((HANDLE)out, buffer, got, &sent, NULL) || sent != got) return -1;
  }
}

static int child(const char *which, int files) {
  char line[32] = "";
  SOCKET in, out;
  if (!strcmp(which, "stdio")) {
    in = (SOCKET)GetStdHandle(STD_INPUT_HANDLE);
    out = (SOCKET)GetStdHandle(STD_OUTPUT_HANDLE);
    files = 1;
  } else {
    if (!strcmp(which, "-") && !fgets(line, sizeof line, stdin)) return 2;
    in = out = (SOCKET)strtoull(*line ? line : which, NULL, 10);
  }
  if (!files) start_winsock();
  int result = move(files, in, out);
  if (result && !files) printf("child_error=%s\n", error_name(WSAGetLastError()));
  return result ? 3 : 0;
}

/* Makes the process that goes on with the connection. */
static HANDLE hand_over(SOCKET s, const char *give, const char *program, int files) {
  char line[1024];
  STARTUPINFOA start = { .cb = sizeof start };
  PROCESS_INFORMATION made;
  HANDLE read_end = NULL, write_end = NULL, in = NULL;
  int duplicate = !strcmp(give, "duplicate"), stdio = !strcmp(give, "stdio");
  if (duplicate) {
    SECURITY_ATTRIBUTES inherit = { sizeof inherit, NULL, TRUE };
    if (!CreatePipe(&read_end, &write_end, &inherit, 0)) fail("CreatePipe");
    SetHandleInformation(write_end, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
  }
  if (stdio) {
    SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)s, GetCurrentProcess(), &in, 0, TRUE, DUPLICATE_SAME_ACCESS)) fail("DuplicateHandle");
  }
  if (duplicate || stdio) {
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = duplicate ? read_end : in;
    start.hStdOutput = stdio ? in : GetStdHandle(STD_OUTPUT_HANDLE);
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  }
  if (duplicate) snprintf(line, sizeof line, "\"%s\" child -%s", program, files ? " files" : "");
  else if (stdio) snprintf(line, sizeof line, "\"%s\" child stdio", program);
  else snprintf(line, sizeof line, "\"%s\" child %llu%s", program, (unsigned long long)s, files ? " files" : "");
  if (!CreateProcessA(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) fail("CreateProcess");
  if (duplicate) {
    HANDLE there = NULL;
    DWORD done;
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)s, made.hProcess, &there, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
      printf("error=DuplicateHandle: %lu\n", GetLastError());
      fflush(stdout);
    }
    int length = snprintf(line, sizeof line, "%llu\n", (unsigned long long)(uintptr_t)there);
    WriteFile(write_end, line, (DWORD)length, &done, NULL);
    CloseHandle(read_end), CloseHandle(write_end);
  }
  if (in) CloseHandle(in);
  CloseHandle(made.hThread);
  return made.hProcess;
}

static int serve(int count, char **words) {
  const char *give = option_text(count, words, "give", "inherit");
  int rounds = (int)option(count, words, "rounds", 10), greeting = (int)option(count, words, "greeting", 0);
  int files = (int)option(count, words, "files", 0);
  char self[MAX_PATH], message[MESSAGE];
  GetModuleFileNameA(NULL, self, sizeof self);
  const char *program = option_text(count, words, "child", self);
  char *bytes = malloc((size_t)greeting + 8);
  SOCKET listener = listen_on(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 50);
  SetHandleInformation((HANDLE)listener, HANDLE_FLAG_INHERIT, 0);
  for (;;) {
    SOCKET s = accept(listener, NULL, NULL);
    if (s == INVALID_SOCKET) fail("accept");
    for (int n = 0; n < rounds; n++)
      if (!recv_all(s, message, MESSAGE) || !send_all(s, message, MESSAGE)) fail("a message");
    uint64_t seed = 7;
    random_fill(&seed, bytes, (size_t)greeting);
    if (!send_all(s, bytes, greeting)) fail("greeting");
    HANDLE process = hand_over(s, give, program, files);
    /* What happens to the connection from here on is the child's affair. */
    closesocket(s);
    CloseHandle(process);
    printf("handed=%s\n", give);
    fflush(stdout);
  }
}

typedef struct { SOCKET s; int bytes; uint64_t seed; } Sending;

static DWORD WINAPI send_rest(void *argument) {
  Sending *all = argument;
  char buffer[PIECE];
  for (int left = all->bytes; left > 0; left -= PIECE) {
    random_fill(&all->seed, buffer, PIECE);
    if (!send_all(all->s, buffer, left < PIECE ? left : PIECE)) return 1;
  }
  shutdown(all->s, STOP_SENDING);
  return 0;
}

static int check(SOCKET s, int bytes, uint64_t seed) {
  char buffer[PIECE], expected[PIECE];
  for (int left = bytes; left > 0; left -= PIECE) {
    int part = left < PIECE ? left : PIECE;
    random_fill(&seed, expected, PIECE);
    if (!recv_all(s, buffer, part) || memcmp(buffer, expected, (size_t)part)) return 0;
  }
  return 1;
}

static int connect_once(int count, char **words, uint64_t seed) {
  int rounds = (int)option(count, words, "rounds", 10), greeting = (int)option(count, words, "greeting", 0);
  char message[MESSAGE], answer[MESSAGE];
  SOCKET s = connect_to(option_text(count, words, "host", "127.0.0.1"), (int)option(count, words, "port", 0), 20);
  for (int n = 0; n < rounds; n++) {
    random_fill(&seed, message, MESSAGE);
    if (!send_all(s, message, MESSAGE) || !recv_all(s, answer, MESSAGE) || memcmp(message, answer, MESSAGE)) return 0;
  }
  Sending sending = { s, (int)option(count, words, "bytes", 100000), seed };
  HANDLE thread = CreateThread(NULL, 0, send_rest, &sending, 0, NULL);
  Sleep((DWORD)option(count, words, "pause", 0));
  int fine = check(s, greeting, 7) && check(s, sending.bytes, seed) && recv(s, answer, 1, 0) == 0;
  WaitForSingleObject(thread, INFINITE);
  closesocket(s);
  return fine;
}

int main(int count, char **words) {
  if (count > 2 && !strcmp(words[1], "child")) return child(words[2], count > 3);
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) return serve(count, words);
  int connections = (int)option(count, words, "connections", 1), fine = 0;
  for (int n = 0; n < connections; n++) fine += connect_once(count, words, (uint64_t)option(count, words, "seed", 1) + (uint64_t)n);
  printf("right=%d\nbytes_ok=%d\n", fine, fine == connections);
  WSACleanup();
  return fine == connections ? 0 : 1;
}
