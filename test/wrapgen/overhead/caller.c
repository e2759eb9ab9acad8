/* Prints how long a call takes at best, in nanoseconds: in the fastest of many short rounds nothing else ran. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

__declspec(dllimport) int callee(int a, int b);

int main(int count, char **arguments) {
  const int rounds = count > 1 ? atoi(arguments[1]) : 200, calls = count > 2 ? atoi(arguments[2]) : 100000;
  LARGE_INTEGER frequency, begin, end;
  double best = 1e9;
  int sum = callee(1, 2);
  QueryPerformanceFrequency(&frequency);
  for (int round = 0; round < rounds; round++) {
    QueryPerformanceCounter(&begin);
    for (int n = 0; n < calls; n++) sum = callee(sum, n);
    QueryPerformanceCounter(&end);
    double each = (double)(end.QuadPart - begin.QuadPart) * 1e9 / (double)frequency.QuadPart / calls;
    if (each < best) best = each;
  }
  printf("%.3f\n", best);
  return sum == 1 ? 1 : 0;
}
