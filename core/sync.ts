/**
 * The only door to memory that another thread or process may write at the same time: declarations, nothing else.
 * In the native builds these are C11 atomics with exactly the named order (native/sync.h); in a simulation each is a
 * point where the scheduler may switch. Addresses are real addresses, naturally aligned.
 */

@external("sync", "load_relaxed") export declare function loadRelaxed(address: usize): u32;
@external("sync", "load_acquire") export declare function loadAcquire(address: usize): u32;
@external("sync", "store_release") export declare function storeRelease(address: usize, value: u32): void;
/** Sequentially consistent store: no later load of this thread is done before it is visible. */
@external("sync", "store_seq") export declare function storeSeq(address: usize, value: u32): void;
/** Returns the value found; it was replaced exactly when that equals `expected`. Sequentially consistent. */
@external("sync", "compare_swap") export declare function compareSwap(address: usize, expected: u32, desired: u32): u32;
/** Returns the value before. Sequentially consistent. */
@external("sync", "add") export declare function fetchAdd(address: usize, value: u32): u32;
@external("sync", "load_pointer") export declare function loadPointer(address: usize): usize;
@external("sync", "store_pointer") export declare function storePointer(address: usize, value: usize): void;
/** As `compareSwap`, for a pointer. */
@external("sync", "swap_pointer") export declare function comparePointer(
  address: usize,
  expected: usize,
  desired: usize,
): usize;
/** As `compareSwap`, for 8 bytes, on all targets. */
@external("sync", "compare_swap_wide") export declare function compareSwapWide(
  address: usize,
  expected: u64,
  desired: u64,
): u64;
/** Full fence. */
@external("sync", "fence") export declare function fence(): void;
/** Tells the processor that this is a spin loop. */
@external("sync", "pause") export declare function pause(): void;
