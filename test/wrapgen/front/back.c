/* The DLL behind front.dll. */
#include "front.h"
#include <stdarg.h>
#include <string.h>
#include <xmmintrin.h>

#ifdef __i386__
#define NAMED(name) __asm__("_" #name)
#else
#define NAMED(name) __asm__(#name)
#endif

int __stdcall back_add(int a, int b) NAMED(back_add);
int __stdcall back_add(int a, int b) { return a + b; }

int __fastcall back_fast(int a, int b, int c) NAMED(back_fast);
int __fastcall back_fast(int a, int b, int c) { return 100 * a + 10 * b + c; }

double back_mix(signed char a, unsigned short b, long long c, float d, double e, struct pair f, const char *g, unsigned char h) {
  return a + b + (double)c + d + e + f.first + f.second + (double)strlen(g) + h;
}

unsigned char __stdcall back_narrow(short a, BOOLEAN b) NAMED(back_narrow);
unsigned char __stdcall back_narrow(short a, BOOLEAN b) { return (unsigned char)(a + b); }

struct pair back_pair(struct pair p) { return (struct pair){ p.first + 1, p.second + 0.5 }; }

int back_sum(int count, ...) {
  va_list list;
  int sum = 0;
  va_start(list, count);
  while (count-- > 0) sum += va_arg(list, int);
  va_end(list);
  return sum;
}

double back_many(double a, double b, int c, double d, double e, int f) { return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f; }

__attribute__((target("sse"))) __m128 back_vector(__m128 a, __m128 b, __m128 c) { return _mm_add_ps(_mm_sub_ps(a, b), c); }
