/* The smallest wrapper that the generator's output makes: intercepted calls go to the original through the core's shims. */
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
typedef uintptr_t uptr;
typedef float f32;
typedef double f64;
#include "kernel.h"

static volatile LONG intercepted __attribute__((unused));
#define VMMC_CALL(name, ...) (InterlockedIncrement(&intercepted), w2c_os_##name(NULL, ##__VA_ARGS__))
#include "stubs.c"

