/* What the core's C stands on, in place of a WebAssembly runtime: memory is identity-mapped. Included first in each target. */
#ifndef VMMC_PRELUDE_H
#define VMMC_PRELUDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef uintptr_t uptr;

/* The module has one memory, without a base and without bounds: its type carries nothing. */
typedef struct { u8 unused; } core_memory;
struct w2c_os;
struct w2c_sync;
#define AT(type, address) (*(type *)(uptr)(address))
#define DEFINE_LOAD(name, wide, narrow) \
  static inline wide name(core_memory *m, u64 address) { \
    narrow value; \
    memcpy(&value, (const void *)(uptr)address, sizeof value); \
    return (wide)value; \
  }
#define DEFINE_STORE(name, wide, narrow) \
  static inline void name(core_memory *m, u64 address, wide value) { \
    narrow stored = (narrow)value; \
    memcpy((void *)(uptr)address, &stored, sizeof stored); \
  }
/* Those that the core's C uses; another one is one line more. */
DEFINE_LOAD(i32_load, u32, u32)
DEFINE_LOAD(i64_load, u64, u64)
DEFINE_LOAD(i32_load8_u, u32, u8)
DEFINE_LOAD(i32_load16_u, u32, u16)
DEFINE_LOAD(i64_load32_u, u64, u32)
DEFINE_STORE(i32_store, u32, u32)
DEFINE_STORE(i64_store, u64, u64)
DEFINE_STORE(i32_store8, u32, u8)
DEFINE_STORE(i32_store16, u32, u16)
DEFINE_STORE(i64_store32, u64, u32)

static inline void memory_copy(core_memory *m, core_memory *n, u64 to, u64 from, u64 bytes) { memmove((void *)(uptr)to, (const void *)(uptr)from, (size_t)bytes); }
static inline void memory_fill(core_memory *m, u64 to, u32 value, u64 bytes) { memset((void *)(uptr)to, (int)value, (size_t)bytes); }

/* Divisors in the core are unsigned constants; a trap would end the host application, so there is none. */
#define DIV_U(a, b) ((a) / (b))
#define REM_U(a, b) ((a) % (b))
#define UNREACHABLE __builtin_unreachable()
#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

#endif
