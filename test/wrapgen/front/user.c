/* Calls everything that front.dll exports, each twice: the first call of a stub takes another way than the second. */
#include "front.h"
#include <stdio.h>
#include <xmmintrin.h>

static LONG CALLBACK raised(EXCEPTION_POINTERS *info) {
  EXCEPTION_RECORD *record = info->ExceptionRecord;
  if (record->ExceptionCode == DBG_PRINTEXCEPTION_C) { /* what is written to the debugger arrives as an exception first */
    printf("%s", (char *)record->ExceptionInformation[1]);
    return EXCEPTION_CONTINUE_SEARCH;
  }
  printf("exception %lx\n", record->ExceptionCode);
  fflush(stdout);
  ExitProcess(0);
}

__attribute__((target("sse"))) static float vector(void *function) {
  __m128 (*call)(__m128, __m128, __m128) = (__m128 (*)(__m128, __m128, __m128))function;
  float result[4];
  _mm_storeu_ps(result, call(_mm_set1_ps(8), _mm_set1_ps(3), _mm_set1_ps(0.5)));
  return result[0] + result[3];
}

#define FIND(name) ((void *)GetProcAddress(dll, name))
#define TWICE(...) for (int n = 0; n < 2; n++) { __VA_ARGS__; }

int main(void) {
  HMODULE dll = LoadLibraryA("front.dll");
  __typeof__(front_add) *add = FIND("front_add"), *unnamed = FIND((char *)20);
  __typeof__(front_fast) *fast = FIND("front_fast");
  __typeof__(front_mix) *mix = FIND("front_mix");
  __typeof__(front_narrow) *narrow = FIND("front_narrow");
  __typeof__(front_pair) *pair = FIND("front_pair");
  __typeof__(front_sum) *sum = FIND("front_sum");
  double (*many)(double, double, int, double, double, int) = FIND("front_many");
  struct pair p = { 3, 0.25 };
  TWICE(printf("add %d, by ordinal %d\n", add(2, 3), unnamed(4, 5)))
  TWICE(printf("fast %d\n", fast(1, 2, 3)))
  TWICE(printf("mix %g\n", mix(-5, 65535, 1LL << 40, 0.5f, 0.125, p, "four", 255)))
  TWICE(printf("narrow %d\n", narrow(-3, 1)))
  TWICE(struct pair q = pair(p); printf("pair %d %g\n", q.first, q.second))
  TWICE(printf("sum %d\n", sum(3, 10, 20, 30)))
  TWICE(printf("many %g\n", many(1, 2, 3, 4, 5, 6)))
  TWICE(printf("vector %g\n", vector(FIND("front_vector"))))
#ifdef MISSING_TOO
  __typeof__(front_gone) *gone = FIND("front_gone"), *no_library = FIND("front_no_library");
  __typeof__(front_gone_bool) *gone_bool = FIND("front_gone_bool");
  __typeof__(front_gone_pointer) *gone_pointer = FIND("front_gone_pointer");
  __typeof__(front_gone_pair) *gone_pair = FIND("front_gone_pair");
  __typeof__(front_gone_void) *gone_void = FIND("front_gone_void");
  void (*gone_untyped)(void) = FIND("front_gone_untyped");
  SetLastError(0);
  TWICE(printf("gone %d", gone(1)); printf(", error %lu\n", GetLastError()); SetLastError(0))
  printf("gone bool %d", gone_bool()); printf(", error %lu\n", GetLastError()); SetLastError(0);
  printf("gone pointer %d", gone_pointer() == NULL); printf(", error %lu\n", GetLastError()); SetLastError(0);
  struct pair none = gone_pair();
  printf("gone pair %d %g", none.first, none.second); printf(", error %lu\n", GetLastError()); SetLastError(0);
  gone_void(1); printf("gone void, error %lu\n", GetLastError()); SetLastError(0);
  printf("no library %d", no_library(1)); printf(", error %lu\n", GetLastError());
  AddVectoredExceptionHandler(1, raised);
  fflush(stdout);
  gone_untyped();
  printf("not reached\n");
#else
  (void)raised;
#endif
  return 0;
}
