/* A wrapper without code of its user's needs no C library, and has none: so even the C library's DLL can be wrapped. */

__attribute__((used)) BOOL WINAPI vmmc_start(HINSTANCE self, DWORD reason, LPVOID reserved) VMMC_SYMBOL(vmmc_start);
__attribute__((used)) BOOL WINAPI vmmc_start(HINSTANCE self, DWORD reason, LPVOID reserved) {
  (void)self;
  (void)reason;
  (void)reserved;
  return TRUE;
}

/* The compiler may call these for what it is asked to do with structs. The attribute keeps it from seeing loops that do
   what memcpy does, and calling memcpy for them. */
#define VMMC_PLAIN __attribute__((used, optimize("no-tree-loop-distribute-patterns")))

VMMC_PLAIN void *vmmc_memcpy(void *to, const void *from, size_t bytes) VMMC_SYMBOL(memcpy);
VMMC_PLAIN void *vmmc_memcpy(void *to, const void *from, size_t bytes) {
  for (size_t n = 0; n < bytes; n++) ((char *)to)[n] = ((const char *)from)[n];
  return to;
}

VMMC_PLAIN void *vmmc_memset(void *to, int value, size_t bytes) VMMC_SYMBOL(memset);
VMMC_PLAIN void *vmmc_memset(void *to, int value, size_t bytes) {
  for (size_t n = 0; n < bytes; n++) ((char *)to)[n] = (char)value;
  return to;
}

VMMC_PLAIN void *vmmc_memmove(void *to, const void *from, size_t bytes) VMMC_SYMBOL(memmove);
VMMC_PLAIN void *vmmc_memmove(void *to, const void *from, size_t bytes) {
  if ((uintptr_t)to < (uintptr_t)from) return vmmc_memcpy(to, from, bytes);
  while (bytes-- > 0) ((char *)to)[bytes] = ((const char *)from)[bytes];
  return to;
}
