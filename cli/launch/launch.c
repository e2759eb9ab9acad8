/*
 * Starts a Windows program with a DLL of ours loaded before its own imports are looked up:
 *
 *   vmmc-launch DLL PROGRAM [ARGUMENTS]
 *
 * The loader knows a DLL by its name alone once it is loaded: if the first import of a program is DLL under its full path, every
 * later import of "wsock32.dll" leads to it, wherever it lies. So the program is started suspended, gets that first import in
 * its memory (its file stays as it is), and goes on. Nothing is put beside the program, and nothing is left behind.
 *
 * Wine asks for WINEDLLOVERRIDES="*wsock32=n,b" to take a DLL of one of its own names from a full path.
 *
 * Console, standard handles, folder, environment and the rest of the command line are handed on as they are; the exit code is the
 * program's. The program ends when this one is ended. 120 is the exit code of failures of our own, with a line on standard error.
 */
#include <windows.h>
#include <winternl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FAILED = 120 };

/* What is put into the program's memory, at one address that its headers can express. */
typedef struct {
  ULONG_PTR lookup[2], bound[2]; /* one imported function, and the end */
  struct { WORD hint; char text[6]; } name;
  char dll[3 * MAX_PATH];
  IMAGE_IMPORT_DESCRIPTOR imports[]; /* ours, then those of the program, then zeros */
} Added;

static HANDLE process;

static int failed(const char *attempted, const wchar_t *on) {
  fprintf(stderr, "vmmc-launch: cannot %s %ls: error %lu\n", attempted, on, GetLastError());
  if (process) TerminateProcess(process, FAILED);
  return FAILED;
}

static BOOL get(uintptr_t from, void *to, size_t bytes) {
  SIZE_T done;
  return ReadProcessMemory(process, (void *)from, to, bytes, &done) && done == bytes;
}

static BOOL put(uintptr_t to, const void *from, size_t bytes) {
  SIZE_T done;
  DWORD before;
  return VirtualProtectEx(process, (void *)to, bytes, PAGE_READWRITE, &before) && WriteProcessMemory(process, (void *)to, from, bytes, &done) &&
         VirtualProtectEx(process, (void *)to, bytes, before, &before);
}

/* Where the loader has put the program's file. */
static uintptr_t image_base(void) {
  NTSTATUS (NTAPI *query)(HANDLE, ULONG, void *, ULONG, ULONG *) = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQueryInformationProcess");
  PROCESS_BASIC_INFORMATION information;
  uintptr_t base = 0;
  if (!query || query(process, 0, &information, sizeof information, NULL)) return 0;
  /* The environment block's fourth pointer is the image's address on both architectures. */
  return get((uintptr_t)information.PebBaseAddress + 2 * sizeof(void *), &base, sizeof base) ? base : 0;
}

/* Memory above the image, near enough for the 32-bit offsets in its headers. */
static uintptr_t memory_after(uintptr_t base, size_t image, size_t bytes) {
  for (uint64_t at = ((uint64_t)base + image + 0xffff) & ~(uint64_t)0xffff; at < (uint64_t)base + 0x70000000 && at < UINTPTR_MAX - 0x100000; at += 0x10000) {
    void *got = VirtualAllocEx(process, (void *)(uintptr_t)at, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (got) return (uintptr_t)got;
  }
  return 0;
}

static BOOL add_import(const char *dll) {
  uintptr_t base = image_base();
  IMAGE_DOS_HEADER dos;
  IMAGE_NT_HEADERS header;
  if (!base || !get(base, &dos, sizeof dos) || !get(base + (uintptr_t)dos.e_lfanew, &header, sizeof header)) return FALSE;
  IMAGE_DATA_DIRECTORY *directory = header.OptionalHeader.DataDirectory, *old = &directory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  size_t count = 0;
  if (old->VirtualAddress)
    for (IMAGE_IMPORT_DESCRIPTOR one; get(base + old->VirtualAddress + count * sizeof one, &one, sizeof one) && one.Name; count++) {}
  size_t list = (count + 2) * sizeof(IMAGE_IMPORT_DESCRIPTOR), bytes = sizeof(Added) + list;
  uintptr_t at = memory_after(base, header.OptionalHeader.SizeOfImage, bytes);
  Added *added = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, bytes);
  if (!at || !added || strlen(dll) >= sizeof added->dll) return FALSE;
  DWORD offset = (DWORD)(at - base);
  strcpy(added->dll, dll);
  strcpy(added->name.text, "recv");
  added->lookup[0] = added->bound[0] = offset + offsetof(Added, name);
  added->imports[0].OriginalFirstThunk = offset + offsetof(Added, lookup);
  added->imports[0].FirstThunk = offset + offsetof(Added, bound);
  added->imports[0].Name = offset + offsetof(Added, dll);
  if (count && !get(base + old->VirtualAddress, &added->imports[1], count * sizeof *added->imports)) return FALSE;
  old->VirtualAddress = offset + offsetof(Added, imports);
  old->Size = (DWORD)list;
  /* Addresses that were noted when the program was linked hold for another order of imports. */
  directory[IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT] = (IMAGE_DATA_DIRECTORY){0, 0};
  return put(at, added, bytes) && put(base + (uintptr_t)dos.e_lfanew, &header, sizeof header);
}

/* The rest of a command line after one argument. */
static wchar_t *after_argument(wchar_t *at) {
  BOOL quoted = FALSE;
  for (; *at && (quoted || (*at != L' ' && *at != L'\t')); at++)
    if (*at == L'"') quoted = !quoted;
  while (*at == L' ' || *at == L'\t') at++;
  return at;
}

/* The first argument of a command line, without its quotes. */
static void first_argument(const wchar_t *from, wchar_t *to, size_t size) {
  BOOL quoted = FALSE;
  size_t length = 0;
  for (; *from && (quoted || (*from != L' ' && *from != L'\t')) && length + 1 < size; from++) {
    if (*from == L'"') quoted = !quoted;
    else to[length++] = *from;
  }
  to[length] = 0;
}

static BOOL WINAPI ignore_break(DWORD event) { return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT; }

int main(void) {
  static wchar_t dll[MAX_PATH], program[32768];
  static char name[3 * MAX_PATH];
  wchar_t *rest = after_argument(GetCommandLineW());
  first_argument(rest, dll, MAX_PATH);
  rest = after_argument(rest);
  first_argument(rest, program, sizeof program / sizeof *program);
  if (!*dll || !*program) {
    fputs("usage: vmmc-launch DLL PROGRAM [ARGUMENTS]\n", stderr);
    return FAILED;
  }
  BOOL lossy = FALSE;
  if (!WideCharToMultiByte(CP_ACP, WC_NO_BEST_FIT_CHARS, dll, -1, name, sizeof name, NULL, &lossy) || lossy) return failed("name to the loader", dll);
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION made;
  GetStartupInfoW(&start);
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  /* The program ends with us; what it starts itself may go on, as it could without us. */
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  if (job) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  if (!CreateProcessW(program, rest, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &start, &made)) return failed("start", program);
  process = made.hProcess;
  if (job) AssignProcessToJobObject(job, process);
  SetConsoleCtrlHandler(ignore_break, TRUE); /* they are the program's to answer */
  if (!add_import(name)) return failed("add an import to", program);
  if (ResumeThread(made.hThread) == (DWORD)-1) return failed("let run", program);
  DWORD code = FAILED;
  if (WaitForSingleObject(process, INFINITE) != WAIT_OBJECT_0 || !GetExitCodeProcess(process, &code)) return failed("wait for", program);
  ExitProcess(code);
}
