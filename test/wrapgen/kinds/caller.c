/* Calls everything twice: the first call of a stub takes another way than the second. */
#include "kinds.h"
#include <windows.h>
#include <setjmp.h>
#include <stdio.h>

extern int k_counter __attribute__((dllimport));
extern const char k_text[] __attribute__((dllimport));

void all_counts(void);

static jmp_buf out;

static int add(int value, void *context) { return value + *(int *)context; }
static int leave(int value, void *context) {
  (void)context;
  if (value == 2) longjmp(out, 5);
  return value;
}
static int raise_exception(int value, void *context) {
  (void)context;
  RaiseException(0xE0000000 + (DWORD)value, 0, 0, NULL);
  return value;
}
static __attribute__((noinline)) int jump(void) {
  int jumped = setjmp(out);
  return jumped != 0 ? jumped : k_callback(leave, 5, NULL);
}
static int __stdcall again(int depth) { return k_reenter(depth, again); }

#ifdef __x86_64__
/* Calls k_callback(function, times, NULL) below a frame that catches: what is returned then is the exception's code. */
extern int guarded(callback function, int times);
extern char guarded_landing[];

__attribute__((used)) EXCEPTION_DISPOSITION guard(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
  if ((record->ExceptionFlags & 0x66) == 0)
    RtlUnwindEx(frame, guarded_landing, record, (void *)(uintptr_t)record->ExceptionCode, context, dispatcher->HistoryTable);
  return ExceptionContinueSearch;
}

__asm__(
  ".text\n.globl guarded\n.seh_proc guarded\nguarded:\n"
  "subq $40, %rsp\n.seh_stackalloc 40\n.seh_handler guard, @except, @unwind\n.seh_endprologue\n"
  "xorl %r8d, %r8d\ncall k_callback\nnop\n"
  ".globl guarded_landing\nguarded_landing:\naddq $40, %rsp\nret\n.seh_endproc\n");
#else
static int guarded(callback function, int times) {
  (void)function;
  (void)times;
  return (int)0xE0000000;
}
#endif

static DWORD WINAPI thread(void *argument) {
  int sum = 0;
  for (int n = 0; n < 500; n++) sum += k_narrow(1, 1) + (int)k_double(1);
  return (DWORD)(sum + *(int *)argument);
}

int main(void) {
  int offset = 10, zero = 0;
  char buffer[8] = "";
  struct large large = { { 1, 2, 3, 4, 5 }, 6 };
  for (int n = 0; n < 2; n++) {
    all_counts();
    struct small small = k_small((struct small){ 41, -1 });
    large = k_large(large, 2);
    printf("records %d %d, %g %g %d\n", small.a, small.b, large.numbers[0], large.numbers[4], large.last);
    printf("numbers %g %g %llx %d %d\n", k_float(3), k_double(1.5), k_wide(0x123456789abcdefULL, -1), k_narrow(250, 3), k_bool(256));
    printf("variadic %d\n", k_variadic("idlsi", 1, 2.25, 1LL << 20, "four", -1));
    printf("callback %d", k_callback(add, 4, &offset));
    printf(", function %d\n", k_returns_function(1)(5, NULL));
    SetLastError(4711);
    printf("last error %d", k_last_error(1234));
    printf(" then %lu\n", GetLastError());
    printf("deep %d\n", k_reenter(50, again));
    k_nothing();
    printf("buffer %ld %s %ld\n", k_buffer(buffer, 8), buffer, k_buffer(buffer, 1));
    printf("jumped out %d\n", jump());
    printf("exception %x\n", (unsigned)guarded(raise_exception, 1));
    printf("data %d %s\n", k_counter, k_text);
  }
  HANDLE threads[4];
  for (int n = 0; n < 4; n++) threads[n] = CreateThread(NULL, 0, thread, &zero, 0, NULL);
  for (int n = 0; n < 4; n++) {
    DWORD sum = 0;
    WaitForSingleObject(threads[n], INFINITE);
    GetExitCodeThread(threads[n], &sum);
    printf("thread %lu\n", sum);
  }
  return 0;
}
