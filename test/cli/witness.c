/* Tells what a program sees of how it was started, then does as it is told: `echo` repeats its input, `wait` waits. */
#include <winsock.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

static BOOL WINAPI broken(DWORD event) {
  printf("event=%lu\n", event);
  fflush(stdout);
  ExitProcess(77);
}

int main(int count, char **words) {
  char text[600];
  WSADATA data;
  if (WSAStartup(MAKEWORD(1, 1), &data)) return 1;
  closesocket(socket(AF_INET, SOCK_STREAM, 0));
  HMODULE sockets = GetModuleHandleA("wsock32.dll");
  GetModuleFileNameA(sockets, text, sizeof text);
  printf("sockets=%s\n", text);
  GetModuleFileNameA(NULL, text, sizeof text);
  printf("program=%s\n", text);
  GetCurrentDirectoryA(sizeof text, text);
  printf("folder=%s\n", text);
  for (int i = 1; i < count; i++) printf("argument=[%s]\n", words[i]);
  DWORD length = GetEnvironmentVariableA("VMMC_SPIN_US", text, sizeof text);
  printf("spin=%s\n", length ? text : "");
  fflush(stdout);
  fputs("to standard error\n", stderr);
  if (count > 1 && !strcmp(words[1], "echo")) {
    while (fgets(text, sizeof text, stdin)) printf("input=%s", text);
    return 43;
  }
  if (count > 1 && !strncmp(words[1], "wait", 4)) {
    if (!strcmp(words[1], "wait-for-break")) SetConsoleCtrlHandler(broken, TRUE);
    puts("ready");
    fflush(stdout);
    Sleep(60000);
  }
  return 0;
}
