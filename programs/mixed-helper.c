/* The second module of mixed.c: a library that calls ws2_32.dll by itself. */
#include <winsock2.h>

__declspec(dllexport) int WINAPI helper_send(SOCKET s, const char *bytes, int count) { return send(s, bytes, count, 0); }
