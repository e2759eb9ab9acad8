/*
 * What a call costs that a wrapper only passes on: through this program's import of wsock32.dll, and straight into
 * ws2_32.dll, in turns, so that both see the same machine.
 *
 *   passthrough [--calls N]
 *
 * Prints NAME_import_ns and NAME_direct_ns, each the median of 15 turns, for some functions
 * that do little and for getsockname, which asks the kernel and so drowns the difference.
 */
#include "net.h"

enum { TURNS = 15 };

typedef u_short(WINAPI *Htons)(u_short);
typedef u_long(WINAPI *Ntohl)(u_long);
typedef u_long(WINAPI *InetAddr)(const char *);
typedef int(WINAPI *LastError)(void);
typedef int(WINAPI *Getsockname)(SOCKET, struct sockaddr *, int *);

static int by_value(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return difference < 0 ? -1 : difference > 0;
}

/* Both sides are called through a pointer that the compiler cannot see through, as an import is. */
#define MEASURE(label, calls, by_import, direct, arguments)                                          \
  do {                                                                                               \
    double times[2][TURNS];                                                                          \
    for (int turn = 0; turn < TURNS; turn++)                                                         \
      for (int side = 0; side < 2; side++) {                                                         \
        __typeof__(direct) volatile chosen = side ? (direct) : (by_import);                          \
        double start = seconds_now();                                                                \
        for (int i = 0; i < (calls); i++) sum += (unsigned)chosen arguments;                         \
        times[side][turn] = (seconds_now() - start) / (calls) * 1e9;                                 \
      }                                                                                              \
    for (int side = 0; side < 2; side++) qsort(times[side], TURNS, sizeof(double), by_value);        \
    printf("%s_import_ns=%.2f\n%s_direct_ns=%.2f\n", label, times[0][TURNS / 2], label, times[1][TURNS / 2]); \
  } while (0)

int main(int count, char **words) {
  int calls = (int)option(count, words, "calls", 2000000);
  HMODULE direct = LoadLibraryA("ws2_32.dll");
  volatile unsigned sum = 0;
  start_winsock();
  Htons direct_htons = (Htons)(void *)GetProcAddress(direct, "htons");
  Ntohl direct_ntohl = (Ntohl)(void *)GetProcAddress(direct, "ntohl");
  InetAddr direct_inet_addr = (InetAddr)(void *)GetProcAddress(direct, "inet_addr");
  LastError direct_last_error = (LastError)(void *)GetProcAddress(direct, "WSAGetLastError");
  Getsockname direct_getsockname = (Getsockname)(void *)GetProcAddress(direct, "getsockname");
  SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = address_of("127.0.0.1", 0);
  int length = sizeof address;
  if (bind(s, (struct sockaddr *)&address, sizeof address)) fail("bind");
  MEASURE("htons", calls, htons, direct_htons, ((u_short)i));
  MEASURE("ntohl", calls, ntohl, direct_ntohl, ((u_long)i));
  MEASURE("inet_addr", calls / 10 + 1, inet_addr, direct_inet_addr, ("127.0.0.1"));
  MEASURE("WSAGetLastError", calls, WSAGetLastError, direct_last_error, ());
  MEASURE("getsockname", calls / 2000 + 1, getsockname, direct_getsockname, (s, (struct sockaddr *)&address, &length));
  return 0;
}
