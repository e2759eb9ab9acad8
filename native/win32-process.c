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
    /* One at a time: under Wine an append is a seek and a write, between which another thread or process may write. */
    HANDLE turn = CreateMutexA(&vmmc_private, FALSE, "vmmc-log");
    WaitForSingleObject(turn, 1000);
    HANDLE file = CreateFileA(vmmc_log_path, FILE_APPEND_DATA, 7, NULL, OPEN_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) WriteFile(file, line, (DWORD)length, &done, NULL), CloseHandle(file);
    ReleaseMutex(turn), CloseHandle(turn);
  }
  SetLastError(error);
}

/* --- Other modules of the process that could use a socket behind the wrapper --- */
static volatile LONG vmmc_modules_changed = 1;
static u32 vmmc_policy;
static void CALLBACK vmmc_module_loaded(ULONG reason, const void *data, void *context) {
  vmmc_modules_changed = 1;
}
/* True when an import of `module` from the DLL `from` leads to one of the functions `names` of `target`. */
static bool vmmc_imports(HMODULE module, const char *from, HMODULE target, const char *const *names, size_t count) {
  const char *base = (const char *)module;
  const IMAGE_NT_HEADERS *header = (const IMAGE_NT_HEADERS *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
  const IMAGE_DATA_DIRECTORY *directory = &header->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  if (!directory->VirtualAddress || !directory->Size || !target) return false;
  for (const IMAGE_IMPORT_DESCRIPTOR *d = (const void *)(base + directory->VirtualAddress); d->Name; d++) {
    if (lstrcmpiA(base + d->Name, from)) continue;
    for (const uptr *bound = (const void *)(base + d->FirstThunk); *bound; bound++)
      for (size_t n = 0; n < count; n++)
        if (*bound == (uptr)GetProcAddress(target, names[n])) return true;
  }
  return false;
}
OS u32 w2c_os_policy(struct w2c_os *o) {
  if (!InterlockedExchange(&vmmc_modules_changed, 0)) return vmmc_policy;
  DWORD error = GetLastError();
  char windows[MAX_PATH];
  UINT length = GetWindowsDirectoryA(windows, sizeof windows);
  HMODULE ours = (HMODULE)&__ImageBase, sockets = GetModuleHandleA("ws2_32.dll");
  MODULEENTRY32 entry = { .dwSize = sizeof entry };
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, 0);
  if (snapshot != INVALID_HANDLE_VALUE) {
    for (BOOL more = Module32First(snapshot, &entry); more; more = Module32Next(snapshot, &entry)) {
      if (entry.hModule == ours || !_strnicmp(entry.szExePath, windows, length)) continue;
      if (vmmc_imports(entry.hModule, "ws2_32.dll", sockets, vmmc_stream_calls, sizeof vmmc_stream_calls / sizeof *vmmc_stream_calls)) vmmc_policy |= POLICY_MIXED;
      if (vmmc_imports(entry.hModule, VMMC_DLL, ours, vmmc_unsupported_calls, sizeof vmmc_unsupported_calls / sizeof *vmmc_unsupported_calls)) vmmc_policy |= POLICY_UNSUPPORTED;
    }
    CloseHandle(snapshot);
  }
  SetLastError(error);
  return vmmc_policy;
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
