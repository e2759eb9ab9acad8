/* Imports from wsock32.dll by ordinal only (see by-ordinal.def). */
#include <stdio.h>
#include <winsock.h>

int main(void) {
  WSADATA data;
  printf("WSAStartup %d\n", WSAStartup(0x0101, &data));
  SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
  printf("socket %d, closesocket %d, htons %x\n", s != INVALID_SOCKET, closesocket(s), htons(0x1234));
  printf("closed again %d", closesocket(s));
  printf(", error %d\n", WSAGetLastError());
  return 0;
}
