/* core/sync.ts in C11 atomics, each with exactly the order that its name says. */
#ifndef VMMC_SYNC_H
#define VMMC_SYNC_H

#include <stdatomic.h>
#include "prelude.h"

#define WORD(address) ((_Atomic u32 *)(uptr)(address))
#define POINTER(address) ((_Atomic uptr *)(uptr)(address))
#define SYNC static inline

SYNC u32 w2c_sync_load_relaxed(struct w2c_sync *s, uptr a) { return atomic_load_explicit(WORD(a), memory_order_relaxed); }
SYNC u32 w2c_sync_load_acquire(struct w2c_sync *s, uptr a) { return atomic_load_explicit(WORD(a), memory_order_acquire); }
SYNC void w2c_sync_store_release(struct w2c_sync *s, uptr a, u32 v) { atomic_store_explicit(WORD(a), v, memory_order_release); }
SYNC void w2c_sync_store_seq(struct w2c_sync *s, uptr a, u32 v) { atomic_exchange_explicit(WORD(a), v, memory_order_seq_cst); }
/* What was there, equal to `expected` if it was swapped: fully ordered. */
SYNC u32 w2c_sync_compare_swap(struct w2c_sync *s, uptr a, u32 expected, u32 desired) { return __sync_val_compare_and_swap((u32 *)a, expected, desired); }
SYNC u32 w2c_sync_add(struct w2c_sync *s, uptr a, u32 v) { return atomic_fetch_add_explicit(WORD(a), v, memory_order_seq_cst); }
SYNC uptr w2c_sync_load_pointer(struct w2c_sync *s, uptr a) { return atomic_load_explicit(POINTER(a), memory_order_acquire); }
SYNC void w2c_sync_store_pointer(struct w2c_sync *s, uptr a, uptr v) { atomic_store_explicit(POINTER(a), v, memory_order_release); }
SYNC uptr w2c_sync_swap_pointer(struct w2c_sync *s, uptr a, uptr expected, uptr desired) { return __sync_val_compare_and_swap((uptr *)a, expected, desired); }
SYNC u64 w2c_sync_compare_swap_wide(struct w2c_sync *s, uptr a, u64 expected, u64 desired) { return __sync_val_compare_and_swap((u64 *)a, expected, desired); }
SYNC void w2c_sync_fence(struct w2c_sync *s) { atomic_thread_fence(memory_order_seq_cst); }
SYNC void w2c_sync_pause(struct w2c_sync *s) { __builtin_ia32_pause(); }

#endif
