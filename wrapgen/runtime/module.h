/* What the C of a WebAssembly module stands on (as wasm2c writes it), where memory is the process's own. Included first. */
#ifndef VMMC_MODULE_H
#define VMMC_MODULE_H

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
typedef float f32;
typedef double f64;

/* The module has one memory, without a base and without bounds: its type carries nothing. */
typedef struct { u8 unused; } core_memory;
struct w2c_os;

#define VMMC_LOAD(name, wide, narrow) \
  static inline wide name(core_memory *m, u64 address) { \
    narrow value; \
    (void)m; \
    memcpy(&value, (const void *)(uptr)address, sizeof value); \
    return (wide)value; \
  }
#define VMMC_STORE(name, wide, narrow) \
  static inline void name(core_memory *m, u64 address, wide value) { \
    narrow stored = (narrow)value; \
    (void)m; \
    memcpy((void *)(uptr)address, &stored, sizeof stored); \
  }
VMMC_LOAD(i32_load, u32, u32)
VMMC_LOAD(i64_load, u64, u64)
VMMC_LOAD(f32_load, f32, f32)
VMMC_LOAD(f64_load, f64, f64)
VMMC_LOAD(i32_load8_s, u32, s8)
VMMC_LOAD(i32_load8_u, u32, u8)
VMMC_LOAD(i32_load16_s, u32, s16)
VMMC_LOAD(i32_load16_u, u32, u16)
VMMC_LOAD(i64_load8_s, u64, s8)
VMMC_LOAD(i64_load8_u, u64, u8)
VMMC_LOAD(i64_load16_s, u64, s16)
VMMC_LOAD(i64_load16_u, u64, u16)
VMMC_LOAD(i64_load32_s, u64, s32)
VMMC_LOAD(i64_load32_u, u64, u32)
VMMC_STORE(i32_store, u32, u32)
VMMC_STORE(i64_store, u64, u64)
VMMC_STORE(f32_store, f32, f32)
VMMC_STORE(f64_store, f64, f64)
VMMC_STORE(i32_store8, u32, u8)
VMMC_STORE(i32_store16, u32, u16)
VMMC_STORE(i64_store8, u64, u8)
VMMC_STORE(i64_store16, u64, u16)
VMMC_STORE(i64_store32, u64, u32)

static inline void memory_copy(core_memory *m, core_memory *n, u64 to, u64 from, u64 bytes) {
  (void)m;
  (void)n;
  memmove((void *)(uptr)to, (const void *)(uptr)from, (size_t)bytes);
}
static inline void memory_fill(core_memory *m, u64 to, u32 value, u64 bytes) {
  (void)m;
  memset((void *)(uptr)to, (int)value, (size_t)bytes);
}

/* Where WebAssembly traps, the process is stopped, as by a division by zero in C. */
#define UNREACHABLE __builtin_trap()
static inline u64 vmmc_checked(bool wrong, u64 divisor) { return wrong ? (__builtin_trap(), 1) : divisor; }
#define DIV_U(a, b) ((a) / (__typeof__(b))vmmc_checked((b) == 0, b))
#define REM_U(a, b) ((a) % (__typeof__(b))vmmc_checked((b) == 0, b))
#define I32_DIV_S(a, b) ((u32)((s32)(a) / (s32)vmmc_checked((b) == 0 || ((s32)(a) == INT32_MIN && (s32)(b) == -1), b)))
#define I64_DIV_S(a, b) ((u64)((s64)(a) / (s64)vmmc_checked((b) == 0 || ((s64)(a) == INT64_MIN && (s64)(b) == -1), b)))
#define I32_REM_S(a, b) ((u32)((s32)(b) == -1 ? 0 : (s32)(a) % (s32)vmmc_checked((b) == 0, b)))
#define I64_REM_S(a, b) ((u64)((s64)(b) == -1 ? 0 : (s64)(a) % (s64)vmmc_checked((b) == 0, b)))
#define I32_CLZ(x) ((x) == 0 ? 32 : __builtin_clz(x))
#define I64_CLZ(x) ((x) == 0 ? 64 : __builtin_clzll(x))
#define I32_CTZ(x) ((x) == 0 ? 32 : __builtin_ctz(x))
#define I64_CTZ(x) ((x) == 0 ? 64 : __builtin_ctzll(x))
#define I32_POPCNT(x) (__builtin_popcount(x))
#define I64_POPCNT(x) (__builtin_popcountll(x))
#define I32_ROTL(x, n) ((x) << ((n) & 31) | (x) >> (-(n) & 31))
#define I64_ROTL(x, n) ((x) << ((n) & 63) | (x) >> (-(n) & 63))
#define I32_ROTR(x, n) ((x) >> ((n) & 31) | (x) << (-(n) & 31))
#define I64_ROTR(x, n) ((x) >> ((n) & 63) | (x) << (-(n) & 63))
#define I32_TRUNC_S_F32(x) ((u32)(s32)(x))
#define I32_TRUNC_S_F64(x) ((u32)(s32)(x))
#define I64_TRUNC_S_F32(x) ((u64)(s64)(x))
#define I64_TRUNC_S_F64(x) ((u64)(s64)(x))
#define I32_TRUNC_U_F32(x) ((u32)(x))
#define I32_TRUNC_U_F64(x) ((u32)(x))
#define I64_TRUNC_U_F32(x) ((u64)(x))
#define I64_TRUNC_U_F64(x) ((u64)(x))

/* Out of range, AssemblyScript's conversions give the nearest integer, and zero for what is no number. */
#define VMMC_TRUNCATE_TO(name, type, real, low, high, least, most) \
  static inline type name(real x) { return x != x ? 0 : x <= (low) ? (type)(least) : x >= (high) ? (type)(most) : (type)x; }
VMMC_TRUNCATE_TO(vmmc_i32, s32, f64, -2147483649.0, 2147483648.0, INT32_MIN, INT32_MAX)
VMMC_TRUNCATE_TO(vmmc_u32, u32, f64, 0, 4294967296.0, 0, UINT32_MAX)
VMMC_TRUNCATE_TO(vmmc_i64, s64, f64, -9223372036854775808.0, 9223372036854775808.0, INT64_MIN, INT64_MAX)
VMMC_TRUNCATE_TO(vmmc_u64, u64, f64, 0, 18446744073709551616.0, 0, UINT64_MAX)
#define I32_TRUNC_SAT_S_F32(x) ((u32)vmmc_i32(x))
#define I32_TRUNC_SAT_S_F64(x) ((u32)vmmc_i32(x))
#define I32_TRUNC_SAT_U_F32(x) vmmc_u32(x)
#define I32_TRUNC_SAT_U_F64(x) vmmc_u32(x)
#define I64_TRUNC_SAT_S_F32(x) ((u64)vmmc_i64(x))
#define I64_TRUNC_SAT_S_F64(x) ((u64)vmmc_i64(x))
#define I64_TRUNC_SAT_U_F32(x) vmmc_u64(x)
#define I64_TRUNC_SAT_U_F64(x) vmmc_u64(x)

#define VMMC_REINTERPRET(name, from, to) \
  static inline to name(from x) { to y; memcpy(&y, &x, sizeof y); return y; }
VMMC_REINTERPRET(i32_reinterpret_f32, f32, u32)
VMMC_REINTERPRET(f32_reinterpret_i32, u32, f32)
VMMC_REINTERPRET(i64_reinterpret_f64, f64, u64)
VMMC_REINTERPRET(f64_reinterpret_i64, u64, f64)

#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

#endif
