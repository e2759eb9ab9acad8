#include "kinds.h"
#include <windows.h>
#include <stdarg.h>
#include <string.h>

int k_counter = 7;
const char k_text[] = "data";

struct small k_small(struct small s) { return (struct small){ (short)(s.a + 1), (signed char)(s.b - 1) }; }
struct large k_large(struct large l, int n) {
  for (int i = 0; i < 5; i++) l.numbers[i] *= n;
  l.last += n;
  return l;
}
float k_float(float f) { return f / 2; }
double k_double(double d) { return d * 3; }
unsigned long long __stdcall k_wide(unsigned long long a, long long b) { return a * 2 - (unsigned long long)b; }
signed char k_narrow(unsigned char a, signed char b) { return (signed char)(a + b); }
_Bool k_bool(int a) { return a != 0; }

int k_variadic(const char *kinds, ...) {
  va_list list;
  double sum = 0;
  va_start(list, kinds);
  for (; *kinds != 0; kinds++) {
    if (*kinds == 'i') sum += va_arg(list, int);
    else if (*kinds == 'd') sum += va_arg(list, double);
    else if (*kinds == 'l') sum += (double)va_arg(list, long long);
    else sum += (double)strlen(va_arg(list, char *));
  }
  va_end(list);
  return (int)(sum * 4);
}

int k_callback(callback function, int times, void *context) {
  int sum = 0;
  for (int n = 0; n < times; n++) sum += function(n, context);
  k_counter++;
  return sum;
}

static int twice(int value, void *context) { return context == NULL ? 2 * value : -1; }
static int square(int value, void *context) { return context == NULL ? value * value : -1; }
callback k_returns_function(int which) { return which ? square : twice; }

int k_last_error(int set) {
  int before = (int)GetLastError();
  SetLastError((DWORD)set);
  return before;
}

int __stdcall k_reenter(int depth, int (__stdcall *again)(int)) { return depth == 0 ? 0 : 1 + again(depth - 1); }
void k_nothing(void) { k_counter += 100; }
long k_buffer(char *buffer, int length) { return length < 3 ? -1 : (memcpy(buffer, "abc", 3), 3); }
