/* What only the ThreadSanitizer build needs. Included before everything else.
 *
 * ThreadSanitizer knows memory by its address. In its build a process that connects to itself uses the creator's mapping of a
 * segment on both sides, so that races between the two sides are seen, and keeps it. Every other build maps the file twice,
 * as two processes do.
 *
 * It knows no fences. Here a fence is the processor's instruction alone: it orders as before, and ThreadSanitizer, which does not
 * see it, takes no two accesses for ordered because of it. So it may complain too often, never too rarely; it does not complain,
 * because each order that a fence of ours makes is between atomic accesses. */
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#undef atomic_thread_fence
#define atomic_thread_fence(order) __builtin_ia32_mfence()

static struct { _Atomic uint64_t key; uintptr_t view; } vmmc_created[65536];
static _Atomic uint32_t vmmc_creations;

static inline void vmmc_remember(uint64_t key, uintptr_t view) {
  uint32_t n = vmmc_creations++ & 65535;
  vmmc_created[n].view = view;
  vmmc_created[n].key = key;
}
static inline uintptr_t vmmc_recall(uint64_t key) {
  for (uint32_t n = vmmc_creations; n-- > 0;)
    if (vmmc_created[n & 65535].key == key) return vmmc_created[n & 65535].view;
  return 0;
}
#define VMMC_REMEMBER(key, view) vmmc_remember(key, view)
#define VMMC_RECALL(key) vmmc_recall(key)
#define munmap(address, bytes) ((void)(address))
