/* What a program knows of front.dll: conventions and types that a wrapper must keep. */
#include <windows.h>

struct pair {
  int first;
  double second;
};

#ifdef __cplusplus
extern "C" {
#endif
int __stdcall front_add(int a, int b);
int __fastcall front_fast(int a, int b, int c);
double __cdecl front_mix(signed char a, unsigned short b, long long c, float d, double e, struct pair f, const char *g, unsigned char h);
unsigned char __stdcall front_narrow(short a, BOOLEAN b);
struct pair __cdecl front_pair(struct pair p);
int __cdecl front_sum(int count, ...);
int __stdcall front_gone(int a);
BOOL __stdcall front_gone_bool(void);
char *__stdcall front_gone_pointer(void);
struct pair __cdecl front_gone_pair(void);
void __stdcall front_gone_void(int a);
int __stdcall front_no_library(int a);
#ifdef __cplusplus
}
#endif
