/* Sockets calls whose trace is known beforehand. */
#include <winsock2.h>
#include <stdio.h>
#include <string.h>

static void calls(void) {
  struct sockaddr_in address = { .sin_family = AF_INET };
  int length = sizeof address, one = 1;
  struct timeval patience = { 60, 0 };
  char buffer[16];
  fd_set readable;
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  setsockopt(client, SOL_SOCKET, SO_REUSEADDR, (char *)&one, sizeof one);
  bind(listener, (struct sockaddr *)&address, sizeof address);
  listen(listener, 5);
  getsockname(listener, (struct sockaddr *)&address, &length);
  connect(client, (struct sockaddr *)&address, sizeof address);
  SOCKET server = accept(listener, NULL, NULL);
  send(client, "a\nb", 4, 0);
  FD_ZERO(&readable);
  FD_SET(server, &readable);
  FD_SET(listener, &readable);
  select(0, &readable, NULL, NULL, &patience);
  recv(server, buffer, sizeof buffer, MSG_PEEK);
  recv(server, buffer, sizeof buffer, MSG_PEEK | MSG_DONTROUTE);
  send(client, (char *)1, 4, 0);
  closesocket(client);
  closesocket(server);
  closesocket(listener);
}

static DWORD WINAPI thread(void *argument) {
  for (int n = 0; n < 200; n++) htonl((u_long)n);
  return argument != NULL;
}

int main(int count, char **arguments) {
  WSADATA data;
  const char *what = count > 1 ? arguments[1] : "";
  WSAStartup(0x0202, &data);
  if (strcmp(what, "crash") == 0) {
    for (int n = 0; n < 1000; n++) htons((u_short)n);
    printf("1000 calls\n");
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 3);
  }
  if (strcmp(what, "threads") == 0) {
    HANDLE threads[4];
    for (int n = 0; n < 4; n++) threads[n] = CreateThread(NULL, 0, thread, NULL, 0, NULL);
    WaitForMultipleObjects(4, threads, TRUE, INFINITE);
  }
  if (strcmp(what, "calls") == 0) calls();
  WSACleanup();
  printf("done\n");
  return 0;
}
