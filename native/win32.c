/* core/os.ts on Windows. Mechanism only: what to do when something fails is the core's to decide. */
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>

#define OS static inline
static DWORD vmmc_tls = TLS_OUT_OF_INDEXES;
static char vmmc_folder[MAX_PATH];
static SECURITY_ATTRIBUTES vmmc_private; /* lets the user in, and nobody else */
static u64 vmmc_started_at;
static bool vmmc_variable(const char *name, char *text, size_t size), vmmc_value(const char *name, char *text, size_t size);

/* --- Threads, memory, time --- */
OS uptr w2c_os_thread(struct w2c_os *o) { DWORD e = GetLastError(); uptr r = (uptr)TlsGetValue(vmmc_tls); SetLastError(e); return r; }
OS u32 w2c_os_set_thread(struct w2c_os *o, uptr record) { return TlsSetValue(vmmc_tls, (void *)record) != 0; }
#ifdef _WIN64 /* where a thread's last error is has never changed; SetLastError goes there by way of three DLLs */
OS void w2c_os_clear_error(struct w2c_os *o) { __asm__ volatile("movl $0, %%gs:0x68" ::: "memory"); }
#else
OS void w2c_os_clear_error(struct w2c_os *o) { __asm__ volatile("movl $0, %%fs:0x34" ::: "memory"); }
#endif
OS uptr w2c_os_alloc(struct w2c_os *o, uptr bytes) { void *memory = _aligned_malloc(bytes, 64); return (uptr)(memory ? memset(memory, 0, bytes) : NULL); }
OS void w2c_os_free(struct w2c_os *o, uptr address) { _aligned_free((void *)address); }
OS uptr w2c_os_memory_end(struct w2c_os *o, uptr address, u32 writes) {
  enum { WRITABLE = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY };
  MEMORY_BASIC_INFORMATION m;
  if (!VirtualQuery((void *)address, &m, sizeof m) || m.State != MEM_COMMIT) return 0;
  return m.Protect & (writes ? WRITABLE : WRITABLE | PAGE_READONLY | PAGE_EXECUTE_READ) ? (uptr)m.BaseAddress + m.RegionSize : 0;
}
OS u64 w2c_os_now_us(struct w2c_os *o) {
  static LARGE_INTEGER frequency;
  LARGE_INTEGER now;
  if (!frequency.QuadPart) QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return (u64)(now.QuadPart / frequency.QuadPart) * 1000000 + (u64)(now.QuadPart % frequency.QuadPart) * 1000000 / (u64)frequency.QuadPart;
}
OS void w2c_os_yield(struct w2c_os *o) { SwitchToThread(); }
OS void w2c_os_sleep_ms(struct w2c_os *o, u32 ms) { Sleep(ms); }
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom, exported under this name only */
OS u64 w2c_os_random(struct w2c_os *o) { u64 value = 0; SystemFunction036(&value, sizeof value); return value; }
OS uptr w2c_os_socket_index(struct w2c_os *o, uptr socket) { return socket >> 2; }

OS u32 w2c_os_post_message(struct w2c_os *o, uptr window, u32 message, uptr w, u32 l) { /* user32.dll is there if there are windows */
  static WINBOOL (WINAPI *post)(HWND, UINT, WPARAM, LPARAM);
  return (post || (post = (void *)GetProcAddress(LoadLibraryA("user32.dll"), "PostMessageA"))) && post((HWND)window, message, w, (LPARAM)l);
}
/* --- Processes and bells --- */
static u64 vmmc_process_start(HANDLE process) {
  FILETIME made, ended, kernel, user;
  if (!GetProcessTimes(process, &made, &ended, &kernel, &user)) return 0;
  return (u64)made.dwHighDateTime << 32 | made.dwLowDateTime;
}
OS u32 w2c_os_process_tag(struct w2c_os *o) { return GetCurrentProcessId(); }
OS u64 w2c_os_process_start(struct w2c_os *o) { return vmmc_started_at; }
OS uptr w2c_os_process_open(struct w2c_os *o, u32 tag, u64 start) {
  HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, tag);
  if (process && vmmc_process_start(process) == start) return (uptr)process;
  if (process) CloseHandle(process);
  return 0;
}
OS u32 w2c_os_process_ended(struct w2c_os *o, uptr process) { return WaitForSingleObject((HANDLE)process, 0) != WAIT_TIMEOUT; }
OS void w2c_os_handle_close(struct w2c_os *o, uptr handle) { CloseHandle((HANDLE)handle); }
static const char *vmmc_bell(char *name, u32 tag, u64 start, u32 slot) { return sprintf(name, "Global\\vmmc-bell-%08x-%016llx-%u", tag, (unsigned long long)start, slot), name; }
OS uptr w2c_os_bell_create(struct w2c_os *o, u32 slot) { char name[80]; return (uptr)CreateEventA(NULL, FALSE, FALSE, vmmc_bell(name, GetCurrentProcessId(), vmmc_started_at, slot)); }
OS uptr w2c_os_bell_open(struct w2c_os *o, u32 tag, u64 start, u32 slot) { char name[80]; return (uptr)OpenEventA(EVENT_MODIFY_STATE, FALSE, vmmc_bell(name, tag, start, slot)); }
OS void w2c_os_bell_ring(struct w2c_os *o, uptr bell) { SetEvent((HANDLE)bell); }
OS u32 w2c_os_bell_wait(struct w2c_os *o, uptr bell, uptr process, u32 ms) {
  HANDLE handles[2] = { (HANDLE)bell, (HANDLE)process };
  DWORD woken = WaitForMultipleObjects(process ? 2 : 1, handles, FALSE, ms);
  return woken == WAIT_OBJECT_0 ? WAIT_BELL : woken == WAIT_OBJECT_0 + 1 ? WAIT_PEER_DEAD : WAIT_TIMEOUT_;
}

/* --- Shared memory: files in a folder that belongs to the user alone --- */
static bool vmmc_wine(void) { return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL; }
static PSID vmmc_user(void) {
  static BYTE buffer[256];
  HANDLE token;
  DWORD size;
  PSID user = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
  if (GetTokenInformation(token, TokenUser, buffer, sizeof buffer, &size)) user = ((TOKEN_USER *)buffer)->User.Sid;
  CloseHandle(token);
  return user;
}
static bool vmmc_owned(const char *path) {
  PSECURITY_DESCRIPTOR descriptor;
  PSID owner, user = vmmc_user();
  if (!user || GetNamedSecurityInfoA((char *)path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor)) return false;
  /* What an administrator makes may belong to the administrators. */
  bool ours = EqualSid(owner, user) || IsWellKnownSid(owner, WinBuiltinAdministratorsSid);
  LocalFree(descriptor);
  return ours;
}
static bool vmmc_make_private(void) {
  char text[256];
  char *sid;
  PSID user = vmmc_user();
  if (!user || !ConvertSidToStringSidA(user, &sid)) return false;
  /* Wine makes Unix permissions of this, and lets the file's group in with a user that the process itself is. An owner that
     it is not, here the local service, leaves the permissions to the Unix user alone, to whom the file belongs all the same. */
  snprintf(text, sizeof text, vmmc_wine() ? "O:LSD:P(A;OICI;FA;;;LS)" : "D:P(A;OICI;FA;;;%s)", sid);
  LocalFree(sid);
  vmmc_private.nLength = sizeof vmmc_private;
  return ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &vmmc_private.lpSecurityDescriptor, NULL);
}
/* The folder: VMMC_DIR; else under Wine in memory, one for each user and prefix; else among the user's local files. */
static bool vmmc_find_folder(void) {
  char base[MAX_PATH], user[64] = "user";
  DWORD size = sizeof user;
  if (!vmmc_value("VMMC_DIR", vmmc_folder, sizeof vmmc_folder)) {
    if (vmmc_wine() && GetFileAttributesA("Z:\\dev\\shm") != INVALID_FILE_ATTRIBUTES) {
      BY_HANDLE_FILE_INFORMATION prefix = {0};
      HANDLE root = CreateFileA("C:\\", 0, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
      if (root != INVALID_HANDLE_VALUE) GetFileInformationByHandle(root, &prefix), CloseHandle(root);
      GetUserNameA(user, &size);
      snprintf(vmmc_folder, sizeof vmmc_folder, "Z:\\dev\\shm\\vmmc-sockets-%s-%08lx%08lx", user, prefix.nFileIndexHigh, prefix.nFileIndexLow);
    } else {
      if (!vmmc_variable("LOCALAPPDATA", base, sizeof base - 32)) return false;
      snprintf(vmmc_folder, sizeof vmmc_folder, "%.200s\\vmmc-sockets", base);
    }
  }
  CreateDirectoryA(vmmc_folder, &vmmc_private);
  return vmmc_owned(vmmc_folder);
}
static bool vmmc_fill(HANDLE file, u32 offset, u32 bytes) { /* really allocates: a full disk is an error here, not a fault later */
  static const char zeros[65536];
  for (DWORD done; bytes; bytes -= done, offset += done) {
    OVERLAPPED at = { .Offset = offset };
    if (!WriteFile(file, zeros, bytes < sizeof zeros ? bytes : sizeof zeros, &done, &at) || !done) return false;
  }
  return true;
}
static void *vmmc_map(HANDLE file) {
  HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
  void *view = mapping ? MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
  if (mapping) CloseHandle(mapping);
  return view;
}
OS uptr w2c_os_directory_map(struct w2c_os *o, u32 bytes) {
  char path[MAX_PATH + 16];
  void *view = NULL;
  if (!vmmc_folder[0]) return 0;
  snprintf(path, sizeof path, "%s\\" VMMC_DIRECTORY, vmmc_folder);
  HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 7, &vmmc_private, OPEN_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 0;
  OVERLAPPED whole = {0};
  LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &whole); /* so that nobody maps it before it has its size */
  if (GetFileSize(file, NULL) == 0) vmmc_fill(file, 0, bytes);
  if (GetFileSize(file, NULL) >= bytes && vmmc_owned(path)) view = vmmc_map(file);
  UnlockFileEx(file, 0, 1, 0, &whole);
  CloseHandle(file);
  return (uptr)view;
}
static HANDLE vmmc_segment_file(u32 tag, u64 start, u64 key, DWORD access, DWORD how, DWORD flags) {
  char path[MAX_PATH + 64];
  snprintf(path, sizeof path, "%s\\%s-%08x-%016llx-%016llx", vmmc_folder, key >> 32 ? "seg" : "stat", tag, (unsigned long long)start, (unsigned long long)key);
  return CreateFileA(path, GENERIC_READ | GENERIC_WRITE | access, 7, &vmmc_private, how, FILE_ATTRIBUTE_TEMPORARY | flags, NULL);
}
static u32 vmmc_segment_keep(HANDLE file, uptr result) {
  u32 bytes = GetFileSize(file, NULL);
  void *view = vmmc_map(file);
  if (!view) return CloseHandle(file), 0;
  ((uptr *)result)[0] = (uptr)view;
  ((uptr *)result)[1] = (uptr)file;
  return bytes;
}
OS void w2c_os_segment_remove(struct w2c_os *o, u32 tag, u64 start, u64 key) {
  CloseHandle(vmmc_segment_file(tag, start, key, DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE)); /* nothing happens if there is none */
}
OS u32 w2c_os_segment_create(struct w2c_os *o, u32 tag, u64 start, u64 key, u32 bytes, uptr result) {
  HANDLE file = vmmc_segment_file(tag, start, key, 0, CREATE_NEW, 0);
  if (file == INVALID_HANDLE_VALUE) return 0;
  if (SetFilePointer(file, (LONG)bytes, NULL, FILE_BEGIN) == bytes && SetEndOfFile(file)) {
    if (vmmc_segment_keep(file, result)) return 1;
  } else CloseHandle(file);
  w2c_os_segment_remove(o, tag, start, key);
  return 0;
}
OS u32 w2c_os_segment_allocate(struct w2c_os *o, uptr handle, u32 offset, u32 bytes) { return vmmc_fill((HANDLE)handle, offset, bytes); }
OS u32 w2c_os_segment_open(struct w2c_os *o, u32 tag, u64 start, u64 key, uptr result) {
  HANDLE file = vmmc_segment_file(tag, start, key, DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE);
  return file == INVALID_HANDLE_VALUE ? 0 : vmmc_segment_keep(file, result);
}
OS uptr w2c_os_page_create(struct w2c_os *o, u32 number, u32 bytes) { /* never closed: its name goes with the process */
  HANDLE file = vmmc_segment_file(GetCurrentProcessId(), vmmc_started_at, number, DELETE, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
  void *view = vmmc_fill(file, 0, bytes) ? vmmc_map(file) : NULL;
  if (!view) CloseHandle(file);
  return (uptr)view;
}
OS u32 w2c_os_program_name(struct w2c_os *o, uptr text, u32 bytes) { return GetModuleFileNameA(NULL, (char *)text, bytes); }
OS void w2c_os_segment_close(struct w2c_os *o, uptr address, uptr handle) { UnmapViewOfFile((void *)address), CloseHandle((HANDLE)handle); }
OS u32 w2c_os_call_hook(struct w2c_os *o, uptr hook) { return ((INT_PTR (WINAPI *)(void))hook)() != 0; }
