/* What the core wants to know of its process on Windows: settings, diagnostics, the other modules. */

/* --- Settings and diagnostics: the platform's part of diagnostics.h --- */
static bool vmmc_variable(const char *name, char *text, size_t size) {
  DWORD length = GetEnvironmentVariableA(name, text, (DWORD)size);
  return length != 0 && length < size;
}
static char vmmc_file[16384];
static void vmmc_read_file(void) { /* VMMC_CONFIG, else vmmc.conf beside the program */
  char path[MAX_PATH + 16], *end = path;
  DWORD bytes;
  if (!vmmc_variable("VMMC_CONFIG", path, MAX_PATH)) {
    for (end += GetModuleFileNameA(NULL, path, MAX_PATH); end > path && end[-1] != '\\';) end--;
    strcpy(end, "vmmc.conf");
  }
  HANDLE file = CreateFileA(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
  if (file != INVALID_HANDLE_VALUE) ReadFile(file, vmmc_file, sizeof vmmc_file - 1, &bytes, NULL), CloseHandle(file);
}
static char vmmc_log_path[MAX_PATH];
static HANDLE vmmc_log_turn; /* under Wine an append is a seek and a write, between which another thread or process may write */
OS u32 w2c_os_logging(struct w2c_os *o) { return vmmc_log_path[0] != 0; }
static void vmmc_log(const char *text) {
  char line[512];
  SYSTEMTIME t;
  DWORD error = GetLastError(), done;
  GetSystemTime(&t);
  int length = snprintf(line, sizeof line, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ pid=%lu tid=%lu %s\r\n", t.wYear, t.wMonth, t.wDay,
                        t.wHour, t.wMinute, t.wSecond, t.wMilliseconds, GetCurrentProcessId(), GetCurrentThreadId(), text);
  if (length >= (int)sizeof line) length = sizeof line - 1;
  if (!lstrcmpiA(vmmc_log_path, "debugger")) OutputDebugStringA(line);
  else {
    if (vmmc_log_turn) WaitForSingleObject(vmmc_log_turn, 1000);
    HANDLE file = CreateFileA(vmmc_log_path, FILE_APPEND_DATA, 7, NULL, OPEN_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) WriteFile(file, line, (DWORD)length, &done, NULL), CloseHandle(file);
    if (vmmc_log_turn) ReleaseMutex(vmmc_log_turn);
  }
  SetLastError(error);
}

/* --- Other modules of the process: what core/process/modules.ts wants to know --- */
static volatile LONG vmmc_modules_changed = 1;
static void CALLBACK vmmc_module_loaded(ULONG reason, const void *data, void *context) {
  vmmc_modules_changed = 1;
}
OS u32 w2c_os_modules_changed(struct w2c_os *o) { return InterlockedExchange(&vmmc_modules_changed, 0) != 0; }
OS uptr w2c_os_wrapper(struct w2c_os *o) { return (uptr)&__ImageBase; }
OS uptr w2c_os_module_text(struct w2c_os *o, u32 n) { return n < sizeof vmmc_module_texts / sizeof *vmmc_module_texts ? (uptr)vmmc_module_texts[n] : 0; }
OS uptr w2c_os_redirection(struct w2c_os *o, u32 n, u32 function) {
  if (n >= sizeof vmmc_redirections / sizeof *vmmc_redirections) return 0;
  return function ? (uptr)vmmc_redirections[n].function : (uptr)vmmc_redirections[n].name;
}

/* --- The caretaker's thread: what it does is in win32-start.c --- */
static DWORD WINAPI vmmc_caretaker(void *unused);
OS u32 w2c_os_caretaker_start(struct w2c_os *o) {
  HANDLE begun = CreateEventA(NULL, FALSE, FALSE, NULL); /* never closed: the thread may be later than our patience */
  HANDLE thread = begun ? CreateThread(NULL, 65536, vmmc_caretaker, begun, 0, NULL) : NULL;
  /* A 32-bit process that ends while a thread of it is being made crashes under Wine 8. In a DllMain the thread must wait for us. */
  if (thread) WaitForSingleObject(begun, 200), CloseHandle(thread);
  return thread != NULL;
}
