/*
 * The trace: one line for each call, written when the call has returned, in one piece, to a file of this process. So
 * lines do not mix, and when the program crashes everything is in the file but the calls that had
 * not returned. Nothing here loads a library or waits for a thread that might wait for the loader, so it may run under the
 * loader's lock.
 */

static HANDLE vmmc_trace_file = INVALID_HANDLE_VALUE;
static LONG vmmc_trace_state; /* 0: not opened yet, 1: being opened, 2: open or failed to */
static DWORD vmmc_trace_slot; /* of each thread: whether it is writing a line */
static LONGLONG vmmc_ticks_per_second, vmmc_first_tick, vmmc_first_time; /* both at the moment of opening */

static LONGLONG vmmc_ticks(void) {
  LARGE_INTEGER now;
  QueryPerformanceCounter(&now);
  return now.QuadPart;
}

/* Ticks as units of 1/`units` seconds, without overflow on the way. */
static LONGLONG vmmc_elapsed(LONGLONG ticks, LONGLONG units) {
  LONGLONG second = vmmc_ticks_per_second;
  return ticks / second * units + ticks % second * units / second;
}

/* VMMC_TRACE names the file; else it lies beside the wrapper, under its name with ".trace" added. @returns its length */
static DWORD vmmc_trace_path(WCHAR *path, DWORD room) {
  static const char name[] = VMMC_WRAPPED ".trace";
  DWORD length = GetEnvironmentVariableW(L"VMMC_TRACE", path, room);
  if (length > 0) return length < room ? length : 0;
  length = GetModuleFileNameW((HMODULE)&__ImageBase, path, room);
  /* The last part of the path is as the program spelt it when it loaded the wrapper. */
  while (length > 0 && path[length - 1] != '\\') length--;
  if (length == 0 || length + sizeof name > room) return 0;
  for (unsigned n = 0; n < sizeof name; n++) path[length + n] = (unsigned char)name[n];
  return length + sizeof name - 1;
}

/* Each process has a file of its own: a second one at the same time adds its number to the name. */
static HANDLE vmmc_open_own(WCHAR *path, DWORD length, DWORD room) {
  for (int again = 0;; again++) {
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE || again > 0 || GetLastError() != ERROR_SHARING_VIOLATION || length + 12 > room) return file;
    WCHAR digits[10];
    unsigned at = sizeof digits / sizeof *digits;
    DWORD number = GetCurrentProcessId();
    do digits[--at] = (WCHAR)('0' + number % 10); while ((number /= 10) != 0);
    path[length++] = '.';
    while (at < sizeof digits / sizeof *digits) path[length++] = digits[at++];
    path[length] = 0;
  }
}

/* One thread writes at a time. Windows would take care of that for a file opened for appending; Wine looks for the end and
   writes there in two steps. A thread that was ended while it wrote must not stop the others for good. */
#define VMMC_LOCK_PATIENCE 100000
static LONG vmmc_writing;

static void vmmc_write(struct vmmc_call *line) {
  DWORD written, saved = GetLastError();
  line->text[line->used++] = '\n';
  for (int n = 0; n < VMMC_LOCK_PATIENCE && InterlockedExchange(&vmmc_writing, 1) != 0; n++) Sleep(0);
  WriteFile(vmmc_trace_file, line->text, line->used, &written, NULL);
  InterlockedExchange(&vmmc_writing, 0);
  SetLastError(saved);
}

/* What `vmmc trace show` knows a trace by, and which process the lines with this number are of. */
static void vmmc_write_head(void) {
  struct vmmc_call line;
  WCHAR program[512];
  DWORD length = GetModuleFileNameW(NULL, program, 512);
  line.used = 0;
  vmmc_puts(&line, "# vmmc trace 1\t");
  vmmc_put_number(&line, GetCurrentProcessId(), 10);
  vmmc_puts(&line, "\t" VMMC_WRAPPED "\t");
  vmmc_put_text(&line, program, length < 512 ? (LONGLONG)length : 0, 1);
  vmmc_write(&line);
}

static void vmmc_trace_open(void) {
  WCHAR path[1024];
  FILETIME now;
  LARGE_INTEGER frequency;
  vmmc_trace_slot = TlsAlloc();
  QueryPerformanceFrequency(&frequency);
  vmmc_ticks_per_second = frequency.QuadPart;
  GetSystemTimeAsFileTime(&now);
  vmmc_first_tick = vmmc_ticks();
  vmmc_first_time = (LONGLONG)((ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime);
  const DWORD room = sizeof path / sizeof *path, length = vmmc_trace_path(path, room);
  if (vmmc_trace_slot != TLS_OUT_OF_INDEXES && length > 0) vmmc_trace_file = vmmc_open_own(path, length, room);
  if (vmmc_trace_file == INVALID_HANDLE_VALUE) {
    VMMC_REPORT("vmmc: cannot open the trace of " VMMC_WRAPPED ": calls are not traced. Name a writable file in VMMC_TRACE.\n");
  } else {
    TlsSetValue(vmmc_trace_slot, (void *)1);
    vmmc_write_head();
    TlsSetValue(vmmc_trace_slot, NULL);
  }
}

/* Whether this thread may write a line now; it may not inside the calls that writing one makes. */
static int vmmc_trace_ready(void) {
  while (__atomic_load_n(&vmmc_trace_state, __ATOMIC_ACQUIRE) != 2) {
    LONG known = 0;
    if (__atomic_compare_exchange_n(&vmmc_trace_state, &known, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      vmmc_trace_open();
      __atomic_store_n(&vmmc_trace_state, 2, __ATOMIC_RELEASE);
    } else if (known == 1) {
      Sleep(0);
    }
  }
  return vmmc_trace_file != INVALID_HANDLE_VALUE && TlsGetValue(vmmc_trace_slot) == NULL;
}

/* 2026-01-31T23:59:59.123456Z */
static void vmmc_put_time(struct vmmc_call *call, LONGLONG tick) {
  LONGLONG time = vmmc_first_time + vmmc_elapsed(tick - vmmc_first_tick, 10000000);
  FILETIME file_time = { (DWORD)time, (DWORD)(time >> 32) };
  SYSTEMTIME t;
  FileTimeToSystemTime(&file_time, &t);
  vmmc_put_padded(call, t.wYear, 4);
  vmmc_put(call, '-');
  vmmc_put_padded(call, t.wMonth, 2);
  vmmc_put(call, '-');
  vmmc_put_padded(call, t.wDay, 2);
  vmmc_put(call, 'T');
  vmmc_put_padded(call, t.wHour, 2);
  vmmc_put(call, ':');
  vmmc_put_padded(call, t.wMinute, 2);
  vmmc_put(call, ':');
  vmmc_put_padded(call, t.wSecond, 2);
  vmmc_put(call, '.');
  vmmc_put_padded(call, (unsigned)(time / 10 % 1000000), 6);
  vmmc_put(call, 'Z');
}

/* The number of bytes that the parameter at `index` tells; negative if none does. */
static LONGLONG vmmc_length(const struct vmmc_call *call, int index) {
  if (index < 0 || call->arguments == NULL) return -1;
  const struct vmmc_value *type = &call->function->values[index];
  LONGLONG length = (LONGLONG)vmmc_integer(call->arguments[index], type->size, type->is_signed);
  return length < 0 ? 0 : length;
}

/* `at` is where the value is, `pointed` whether what a pointer to a number points to is shown, too. */
static void vmmc_put_value(struct vmmc_call *call, const struct vmmc_value *type, const void *at) {
  const void *pointer = NULL;
  unsigned char number[8];
  if (type->kind >= VMMC_POINTER && type->kind <= VMMC_FD_SET) {
    pointer = *(const void *const *)at;
    if (pointer == NULL) { vmmc_puts(call, "NULL"); return; }
  }
  switch (type->kind) {
    case VMMC_VOID: vmmc_puts(call, "void"); break;
    case VMMC_INTEGER: vmmc_put_integer(call, vmmc_integer(at, type->size, type->is_signed), type); break;
    case VMMC_HEXADECIMAL: vmmc_put_hexadecimal(call, vmmc_integer(at, type->size, 0)); break;
    case VMMC_REAL: vmmc_put_real(call, type->size == 4 ? *(const float *)at : *(const double *)at); break;
    case VMMC_RECORD: vmmc_puts(call, "{...}"); break;
    case VMMC_NUMBER_POINTER:
      if (vmmc_read(number, pointer, type->size) < type->size) { vmmc_put_hexadecimal(call, (uintptr_t)pointer); break; }
      vmmc_put(call, '&');
      vmmc_put_hexadecimal(call, vmmc_integer(number, type->size, 0));
      break;
    case VMMC_STRING: vmmc_put_text(call, pointer, -1, 0); break;
    case VMMC_WIDE_STRING: vmmc_put_text(call, pointer, -1, 1); break;
    case VMMC_BYTES: vmmc_put_text(call, pointer, vmmc_length(call, type->length_at), 0); break;
    case VMMC_SOCKADDR: vmmc_put_address(call, pointer); break;
    case VMMC_FD_SET: vmmc_put_set(call, pointer); break;
    case VMMC_POINTER:
    case VMMC_BUFFER: vmmc_put_hexadecimal(call, (uintptr_t)pointer); break;
    default: vmmc_put(call, '?');
  }
}

static void vmmc_put_arguments(struct vmmc_call *call) {
  for (int n = 0; n < call->function->parameter_count; n++) {
    const struct vmmc_value *type = &call->function->values[n];
    if (call->used > VMMC_ARGUMENTS_END) { vmmc_puts(call, " ..."); return; }
    if (n > 0) vmmc_put(call, ' ');
    vmmc_puts(call, type->name);
    vmmc_put(call, '=');
    vmmc_put_value(call, type, call->arguments[n]);
  }
}

/* The columns: time, process, thread, function, arguments; see vmmc_trace_end for the others. */
static void vmmc_put_begin(struct vmmc_call *call) {
  vmmc_put_time(call, vmmc_ticks());
  vmmc_put(call, '\t');
  vmmc_put_number(call, GetCurrentProcessId(), 10);
  vmmc_put(call, '\t');
  vmmc_put_number(call, GetCurrentThreadId(), 10);
  vmmc_put(call, '\t');
  vmmc_puts(call, call->function->name);
  vmmc_put(call, '\t');
}

void vmmc_trace_begin(struct vmmc_call *call, const struct vmmc_function *function, const void *const *arguments) {
  DWORD error = GetLastError();
  call->began = 0;
  call->used = 0;
  call->function = function;
  call->arguments = arguments;
  call->error_before = error;
  if (vmmc_trace_ready()) {
    TlsSetValue(vmmc_trace_slot, call);
    vmmc_put_begin(call);
    vmmc_put_arguments(call);
    TlsSetValue(vmmc_trace_slot, NULL);
    call->began = vmmc_ticks();
  }
  SetLastError(error);
}

/* What the function wrote where its arguments point to. */
static void vmmc_put_written(struct vmmc_call *call, const struct vmmc_value *returns, const void *result) {
  for (int n = 0; n < call->function->parameter_count; n++) {
    const struct vmmc_value *type = &call->function->values[n];
    if (call->used > VMMC_ARGUMENTS_END) return;
    const void *pointer = type->kind >= VMMC_POINTER && type->kind <= VMMC_FD_SET ? *(const void *const *)call->arguments[n] : NULL;
    if (pointer == NULL || type->is_const) continue;
    if (type->kind == VMMC_BUFFER) {
      /* Functions that fill buffers return how much they wrote, or write a string. */
      LONGLONG length = vmmc_length(call, type->length_at), wrote = -1;
      if (returns->kind == VMMC_INTEGER && returns->failure == VMMC_FAILS_MINUS_ONE && length >= 0) {
        wrote = (LONGLONG)vmmc_integer(result, returns->size, returns->is_signed);
        if (wrote < 0) continue;
        if (wrote > length) wrote = length;
      }
      vmmc_put(call, ' ');
      vmmc_puts(call, type->name);
      vmmc_puts(call, "->");
      vmmc_put_text(call, pointer, wrote, 0);
    } else if (type->kind == VMMC_NUMBER_POINTER || type->kind == VMMC_SOCKADDR || type->kind == VMMC_FD_SET) {
      vmmc_put(call, ' ');
      vmmc_puts(call, type->name);
      vmmc_puts(call, "->");
      vmmc_put_value(call, type, call->arguments[n]);
    }
  }
}

static int vmmc_failed(const struct vmmc_value *returns, const void *result) {
  LONGLONG value = returns->kind == VMMC_VOID || returns->size > 8 ? 0 : (LONGLONG)vmmc_integer(result, returns->size, returns->size < 8);
  switch (returns->failure) {
    case VMMC_FAILS_ZERO: return value == 0 || (returns->kind != VMMC_INTEGER && value == -1);
    case VMMC_FAILS_MINUS_ONE: return value == -1;
    case VMMC_FAILS_NEGATIVE: return value < 0;
    default: return 0;
  }
}

static void vmmc_put_error(struct vmmc_call *call, DWORD error) {
  size_t low = 0, high = sizeof vmmc_errors / sizeof *vmmc_errors;
  vmmc_put_number(call, error, 10);
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (vmmc_errors[middle].value < error) low = middle + 1; else high = middle;
  }
  if (low < sizeof vmmc_errors / sizeof *vmmc_errors && vmmc_errors[low].value == error) {
    vmmc_put(call, ' ');
    vmmc_puts(call, vmmc_errors[low].name);
  }
}

/* The further columns: result, last error if the call failed or changed it (else "-"), duration in microseconds. */
void vmmc_trace_end(struct vmmc_call *call, const void *result) {
  DWORD error = GetLastError();
  if (call->began != 0) {
    LONGLONG nanoseconds = vmmc_elapsed(vmmc_ticks() - call->began, 1000000000);
    const struct vmmc_value *returns = &call->function->values[call->function->parameter_count];
    TlsSetValue(vmmc_trace_slot, call);
    vmmc_put_written(call, returns, result);
    vmmc_put(call, '\t');
    vmmc_put_value(call, returns, result);
    vmmc_put(call, '\t');
    if (error != 0 && (error != call->error_before || vmmc_failed(returns, result))) vmmc_put_error(call, error);
    else vmmc_put(call, '-');
    vmmc_put(call, '\t');
    vmmc_put_number(call, (unsigned long long)(nanoseconds / 1000), 10);
    vmmc_put(call, '.');
    vmmc_put_padded(call, (unsigned)(nanoseconds % 1000), 3);
    vmmc_write(call);
    TlsSetValue(vmmc_trace_slot, NULL);
  }
  SetLastError(error);
}

/* For functions that are jumped to: nothing can be told of how they end. `saved` is where the registers are, `top` the
   return address. What the prototype says of the first parameters is shown; without a prototype, some words as they are. */
__attribute__((used, force_align_arg_pointer)) void vmmc_trace_jump(
    const struct vmmc_function *function, const char *saved, const char *top) VMMC_SYMBOL(vmmc_trace_jump);
void vmmc_trace_jump(const struct vmmc_function *function, const char *saved, const char *top) {
  DWORD error = GetLastError();
  const void *arguments[32];
  struct vmmc_call call;
  const int count = function->parameter_count < 0 ? 4 : function->parameter_count > 32 ? 32 : function->parameter_count;
  top += sizeof(void *);
  for (int n = 0; n < count; n++) {
#ifdef _WIN64
    /* rcx, rdx, r8 and r9, or xmm0 to xmm3; then the stack. Records that do not fit into a register come by address. */
    static const unsigned char general[] = { 0x28, 0x30, 0x38, 0x40 };
    int is_real = function->parameter_count >= 0 && function->values[n].kind == VMMC_REAL;
    arguments[n] = n >= 4 ? top + 8 * n : is_real ? saved + 0x60 + 16 * n : saved + general[n];
#else
    (void)saved;
    arguments[n] = top;
    top += function->parameter_count < 0 ? 4 : (function->values[n].size + 3) & ~3;
#endif
  }
  if (vmmc_trace_ready()) {
    call.function = function;
    call.arguments = arguments;
    call.used = 0;
    TlsSetValue(vmmc_trace_slot, &call);
    vmmc_put_begin(&call);
    vmmc_put_arguments(&call);
    for (int n = 0; n < count && function->parameter_count < 0; n++) {
      if (n > 0) vmmc_put(&call, ' ');
      vmmc_put_hexadecimal(&call, vmmc_integer(arguments[n], sizeof(void *), 0));
    }
    vmmc_puts(&call, "\t?\t-\t?");
    vmmc_write(&call);
    TlsSetValue(vmmc_trace_slot, NULL);
  }
  SetLastError(error);
}
