/* How the core starts and ends with its process on Linux, and what it wants to know of it. Included after the core's C. */
static w2c_core vmmc_core;
static atomic_int vmmc_state; /* 0: not started; 1: the core runs; 2: it cannot, all calls go to the kernel */
static void *vmmc_caretaker(void *unused) { return w2c_core_caretaker(&vmmc_core), unused; }
static void vmmc_thread_ends(void *record) { vmmc_record = 0, w2c_core_threadEnds(&vmmc_core, (uptr)record); }
static void vmmc_start_once(void) {
  vmmc_pid = getpid();
  int file = open(getenv("VMMC_CONFIG") ? getenv("VMMC_CONFIG") : "", O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, vmmc_file, sizeof vmmc_file - 1) < 0 || close(file)) { /* there is none */ }
  if (!vmmc_value("VMMC_LOG", vmmc_log_path, sizeof vmmc_log_path)) *vmmc_log_path = 0;
  vmmc_started_at = vmmc_process_start(vmmc_pid);
  vmmc_find_folder();
  vmmc_remove_bells(false);
  bool runs = !pthread_key_create(&vmmc_key, vmmc_thread_ends) && w2c_core_start(&vmmc_core);
  atomic_store_explicit(&vmmc_state, runs ? 1 : 2, memory_order_release);
}
__attribute__((visibility("default"))) bool vmmc_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, vmmc_start_once);
  return vmmc_state == 1;
}
/* A process that was forked off later is another one: what stands in the directory is not its own. */
__attribute__((destructor)) static void vmmc_end(void) {
  if (vmmc_state != 1 || vmmc_pid != getpid()) return;
  w2c_core_processEnds(&vmmc_core);
  pthread_mutex_lock(&vmmc_bells);
  vmmc_remove_bells(vmmc_bells_are_removed = true);
  pthread_mutex_unlock(&vmmc_bells);
}
#define VMMC_RUNS (__builtin_expect(atomic_load_explicit(&vmmc_state, memory_order_acquire) == 1, 1) || vmmc_start())
#define VMMC_CALL(name, ...) (VMMC_RUNS ? w2c_core_##name(&vmmc_core __VA_OPT__(,) __VA_ARGS__) : w2c_os_##name(NULL __VA_OPT__(,) __VA_ARGS__))
