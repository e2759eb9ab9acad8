/* An ordinary WinSock 1.1 program: prints what its calls return, the same whoever stands behind them. */
#include <winsock.h>
#include <stdio.h>
#include <string.h>

static LONG waiting = 8;

/* All threads at once: each of these calls is the first of its kind. */
static DWORD WINAPI first_calls(void *argument) {
  InterlockedDecrement(&waiting);
  while (*(volatile LONG *)&waiting > 0) Sleep(0);
  char name[256] = "";
  DWORD result = 0;
  SetLastError(4711);
  result += htons(0x1234) == 0x3412;
  result += htonl(0x12345678) == 0x78563412;
  result += inet_addr("127.0.0.1") == 0x0100007f;
  result += GetLastError() == 4711;
  result += gethostname(name, sizeof name) == 0;
  (void)argument;
  return result;
}

static void threads(void) {
  HANDLE all[8];
  for (int n = 0; n < 8; n++) all[n] = CreateThread(NULL, 0, first_calls, NULL, 0, NULL);
  for (int n = 0; n < 8; n++) {
    DWORD result = 0;
    WaitForSingleObject(all[n], INFINITE);
    GetExitCodeThread(all[n], &result);
    printf("thread %d: %lu of 5\n", n, result);
  }
}

static void connection(void) {
  struct sockaddr_in address = { .sin_family = AF_INET }, peer;
  int length = sizeof address, type = 0, type_length = sizeof type, one = 1;
  u_long waiting_bytes = 0, nonblocking = 1;
  struct timeval patience = { 60, 0 };
  char buffer[16] = "";
  fd_set readable;
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), server;
  printf("bind %d\n", bind(listener, (struct sockaddr *)&address, sizeof address));
  printf("listen %d\n", listen(listener, 5));
  printf("getsockname %d", getsockname(listener, (struct sockaddr *)&address, &length));
  printf(", family %d\n", address.sin_family);
  printf("connect %d\n", connect(client, (struct sockaddr *)&address, sizeof address));
  length = sizeof peer;
  server = accept(listener, (struct sockaddr *)&peer, &length);
  printf("accept %d, from %s, %d bytes\n", server != INVALID_SOCKET, inet_ntoa(peer.sin_addr), length);
  printf("setsockopt %d\n", setsockopt(client, SOL_SOCKET, SO_OOBINLINE, (char *)&one, sizeof one));
  printf("getsockopt %d", getsockopt(client, SOL_SOCKET, SO_TYPE, (char *)&type, &type_length));
  printf(", type %d, %d bytes\n", type, type_length);
  printf("send %d\n", send(client, "hello", 5, 0));
  FD_ZERO(&readable);
  FD_SET(server, &readable);
  printf("select %d", select(0, &readable, NULL, NULL, &patience));
  printf(", set %d\n", FD_ISSET(server, &readable) != 0);
  printf("ioctlsocket %d", ioctlsocket(server, FIONREAD, &waiting_bytes));
  printf(", %lu bytes\n", waiting_bytes);
  printf("recv %d", recv(server, buffer, sizeof buffer, 0));
  printf(" %s\n", buffer);
  ioctlsocket(server, FIONBIO, &nonblocking);
  printf("recv of nothing %d", recv(server, buffer, sizeof buffer, 0));
  printf(", error %d\n", WSAGetLastError());
  length = sizeof peer;
  printf("getpeername %d\n", getpeername(client, (struct sockaddr *)&peer, &length));
  printf("shutdown %d\n", shutdown(client, 1));
  printf("closesocket %d %d %d\n", closesocket(client), closesocket(server), closesocket(listener));
  printf("closed again %d", closesocket(listener));
  printf(", error %d\n", WSAGetLastError());
}

int main(void) {
  WSADATA data;
  /* Where a call's result and what it changes are both printed, there are two printf: C does not order arguments. */
  printf("WSAStartup %d\n", WSAStartup(0x0101, &data));
  WSASetLastError(1234);
  printf("first WSAGetLastError %d\n", WSAGetLastError());
  threads();
  connection();

  HMODULE dll = GetModuleHandleA("wsock32.dll");
  unsigned (WINAPI *network)(const char *) = (void *)GetProcAddress(dll, "inet_network");
  printf("inet_network %x", network("1.2.3.4"));
  printf(", again %x\n", network("5.6.7.8"));
  printf("by ordinal: %d\n", (void *)GetProcAddress(dll, (char *)1100) == (void *)network);
  printf("no such name: %d, no such ordinal: %d\n", GetProcAddress(dll, "nothing") == NULL, GetProcAddress(dll, (char *)200) == NULL);
  char protocols[8192];
  DWORD size = sizeof protocols;
  int (WINAPI *enumerate)(int *, void *, DWORD *) = (void *)GetProcAddress(dll, "EnumProtocolsA");
  printf("EnumProtocols finds some: %d\n", enumerate(NULL, protocols, &size) > 0);
  printf("WSACleanup %d\n", WSACleanup());

  char path[MAX_PATH] = "", folder[MAX_PATH] = "";
  GetModuleFileNameA(dll, path, sizeof path);
  GetSystemDirectoryA(folder, sizeof folder);
  fprintf(stderr, "wsock32.dll is %s\n", _strnicmp(path, folder, strlen(folder)) == 0 ? "the system's" : "the program's own");
  fprintf(stderr, "by name again: %s\n", LoadLibraryA("wsock32.dll") == dll ? "the same" : "another");
  return 0;
}
