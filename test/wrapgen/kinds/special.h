/* Calls that are hard to stand in front of. */
#include <stddef.h>

struct small { short a; signed char b; };
struct large { double numbers[5]; int last; };
typedef int (*callback)(int value, void *context);

extern int k_counter;
extern const char k_text[];
struct small k_small(struct small s);
struct large k_large(struct large l, int n);
float k_float(float f);
double k_double(double d);
unsigned long long __stdcall k_wide(unsigned long long a, long long b);
signed char k_narrow(unsigned char a, signed char b);
_Bool k_bool(int a);
int k_variadic(const char *kinds, ...);
int k_callback(callback function, int times, void *context);
callback k_returns_function(int which);
int k_last_error(int set);
int __stdcall k_reenter(int depth, int (__stdcall *again)(int));
void k_nothing(void);
long k_buffer(char *buffer, int length);
