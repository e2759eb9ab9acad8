import type { Origin } from "./modes.js";

/** What the resolver works on. */
export const RESOLVER_RECORDS = `struct vmmc_library {
  const char *name;
  int is_original;
  void *module; /* its HMODULE, set when it is first needed */
};

struct vmmc_import {
  struct vmmc_library *library;
  const char *symbol; /* a name, or an ordinal as GetProcAddress takes it */
  const char *label;
};`;

/** How other translation units see the resolver. */
export const RESOLVER_DECLARATIONS = `void *vmmc_resolve(const struct vmmc_import *import);`;

/**
 * The C code that finds a function behind the wrapper; how the original is loaded depends on where it is. It stands
 * after windows.h and the records. VMMC_PRIVATE is "static", or nothing if other translation units call it.
 */
export function resolver(origin: Origin): string {
  return (
    HEAD +
    (origin.kind === "system" ? SYSTEM : origin.kind === "beside" ? beside(origin.file) : absolute(origin.path)) +
    TAIL
  );
}

const HEAD = `extern IMAGE_DOS_HEADER __ImageBase;

/* A hook for the prelude: where failures are told. */
#ifndef VMMC_REPORT
#define VMMC_REPORT(text) OutputDebugStringA(text)
#endif

`;

const SYSTEM = `/* The original has the wrapper's own name, so only its full path leads to it. */
static HMODULE vmmc_load_original(const char *name) {
  char path[2 * MAX_PATH];
  UINT length = GetSystemDirectoryA(path, MAX_PATH);
  if (length == 0 || length >= MAX_PATH || (size_t)lstrlenA(name) + 2 > sizeof path - length) return NULL;
  path[length] = '\\\\';
  lstrcpyA(path + length + 1, name);
  HMODULE module = LoadLibraryExA(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  DWORD error = GetLastError();
  /* Wine remembers which module it looked up last, and would now find the original under the name that it shares with
     the wrapper. After a look-up of any other module it finds the wrapper again, which was loaded first. */
  GetModuleHandleA("kernel32.dll");
  if (module == (HMODULE)&__ImageBase) { /* the wrapper itself sits in the system's folder: it would call itself for ever */
    FreeLibrary(module);
    module = NULL;
    error = ERROR_MOD_NOT_FOUND;
  }
  SetLastError(error);
  return module;
}`;

function wide(text: string): string {
  return `L"${text.replace(/[\\"]/g, "\\$&")}"`;
}

function beside(file: string): string {
  return `/* The original lies beside the wrapper, under another name. */
static HMODULE vmmc_load_original(const char *name) {
  static const WCHAR file[] = ${wide(file)};
  WCHAR path[1024];
  (void)name;
  DWORD length = GetModuleFileNameW((HMODULE)&__ImageBase, path, sizeof path / sizeof *path);
  while (length > 0 && path[length - 1] != '\\\\') length--;
  if (length == 0 || length + sizeof file / sizeof *file > sizeof path / sizeof *path) return NULL;
  for (size_t n = 0; n < sizeof file / sizeof *file; n++) path[length + n] = file[n];
  return LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}`;
}

function absolute(path: string): string {
  return `static HMODULE vmmc_load_original(const char *name) {
  (void)name;
  HMODULE module = LoadLibraryExW(${wide(path)}, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  GetModuleHandleA("kernel32.dll"); /* see Wine's memory of the last look-up: the next one by name shall find the wrapper */
  return module;
}`;
}

const TAIL = `

static HMODULE vmmc_load(struct vmmc_library *library) {
  HMODULE module = __atomic_load_n(&library->module, __ATOMIC_ACQUIRE);
  if (module == NULL) {
    /* Threads may do this at the same time: each gets the same module. */
    module = library->is_original ? vmmc_load_original(library->name) : LoadLibraryA(library->name);
    if (module != NULL) __atomic_store_n(&library->module, module, __ATOMIC_RELEASE);
  }
  return module;
}

static void vmmc_report_missing(const struct vmmc_import *import, const char *why, DWORD error) {
  char text[512];
  char number[12] = {0};
  int at = sizeof number - 1;
  do number[--at] = (char)('0' + error % 10); while ((error /= 10) != 0);
  const char *parts[] = { "vmmc: cannot call ", import->label, ": ", why, " (error ", number + at,
                          "). The call fails. Is this version of Windows or Wine too old for the program?\\n" };
  size_t used = 0;
  for (size_t n = 0; n < sizeof parts / sizeof *parts; n++)
    for (const char *c = parts[n]; *c != 0 && used < sizeof text - 1; c++) text[used++] = *c;
  text[used] = 0;
  VMMC_REPORT(text);
}

/* Finds a function, leaving the thread's last error as it was; the program may be about to ask for it. If there is no
   such function, tells so, sets ERROR_PROC_NOT_FOUND and returns NULL. Never called from DllMain. */
VMMC_PRIVATE void *vmmc_resolve(const struct vmmc_import *import) {
  DWORD saved = GetLastError();
  HMODULE module = vmmc_load(import->library);
  void *found = module == NULL ? NULL : (void *)GetProcAddress(module, import->symbol);
  if (found != NULL) {
    SetLastError(saved);
    return found;
  }
  vmmc_report_missing(import, module == NULL ? "its DLL cannot be loaded" : "its DLL has no such export", GetLastError());
  SetLastError(ERROR_PROC_NOT_FOUND);
  return NULL;
}

/* For functions of unknown prototype. There is no telling how to return from a call whose arguments are unknown, so a
   missing function raises the exception that the delay-load helper raises then: VcppException(ERROR, PROC_NOT_FOUND).
   Programs built elsewhere may call with a stack aligned to 4 bytes only. */
__attribute__((force_align_arg_pointer, used, unused)) VMMC_PRIVATE void *vmmc_resolve_or_raise(const struct vmmc_import *import)
    __asm__(VMMC_ASM_NAME("vmmc_resolve_or_raise"));
VMMC_PRIVATE void *vmmc_resolve_or_raise(const struct vmmc_import *import) {
  for (;;) {
    void *found = vmmc_resolve(import);
    if (found != NULL) return found;
    RaiseException(0xC06D007F, 0, 0, NULL);
  }
}`;
