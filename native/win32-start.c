/* How the core starts and ends with its process on Windows. Included after the core's C. */
static w2c_core vmmc_core;
static volatile LONG vmmc_state; /* 0: not started; 1: the core runs; 2: it cannot, all calls go to the kernel */
static DWORD WINAPI vmmc_caretaker(void *begun) { return SetEvent(begun), w2c_core_caretaker(&vmmc_core), 0; }
static BOOL CALLBACK vmmc_start_once(PINIT_ONCE once, void *parameter, void **context) {
  DWORD error = GetLastError();
  LONG (NTAPI *notify)(ULONG, void *, void *, void **) = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "LdrRegisterDllNotification");
  void *cookie;
  if (notify) notify(0, (void *)vmmc_module_loaded, NULL, &cookie);
  vmmc_read_file();
  if (!vmmc_value("VMMC_LOG", vmmc_log_path, sizeof vmmc_log_path)) vmmc_log_path[0] = 0;
  if (*vmmc_log_path && vmmc_wine()) vmmc_log_turn = CreateMutexA(NULL, FALSE, "vmmc-log"); /* vmmc_private lets only its maker in there */
  vmmc_started_at = vmmc_process_start(GetCurrentProcess());
  vmmc_tls = TlsAlloc();
  if (!vmmc_make_private() || !vmmc_find_folder()) vmmc_folder[0] = 0;
  LONG state = vmmc_tls != TLS_OUT_OF_INDEXES && w2c_core_start(&vmmc_core) ? 1 : 2;
  SetLastError(error);
  InterlockedExchange(&vmmc_state, state);
  return TRUE;
}
static bool vmmc_start(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  InitOnceExecuteOnce(&once, vmmc_start_once, NULL, NULL);
  return vmmc_state == 1;
}
#define VMMC_RUNS (__builtin_expect(__atomic_load_n(&vmmc_state, __ATOMIC_ACQUIRE) == 1, 1) || vmmc_start())
#define VMMC_CALL(name, ...) (VMMC_RUNS ? w2c_core_##name(&vmmc_core __VA_OPT__(,) __VA_ARGS__) : w2c_os_##name(NULL __VA_OPT__(,) __VA_ARGS__))

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved) {
  if (vmmc_state != 1) return TRUE;
  if (reason == DLL_THREAD_DETACH) {
    void *record = TlsGetValue(vmmc_tls);
    if (record) TlsSetValue(vmmc_tls, NULL), w2c_core_threadEnds(&vmmc_core, (uptr)record);
  }
  if (reason == DLL_PROCESS_DETACH && reserved) w2c_core_processEnds(&vmmc_core);
  return TRUE;
}
