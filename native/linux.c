/* core/os.ts on Linux, for tests and benchmarks. Mechanism only. A handle is a file descriptor + 1. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OS static inline
typedef unsigned long long ull; /* as printf wants it */
static __thread uptr vmmc_record __attribute__((tls_model("initial-exec")));
static pthread_key_t vmmc_key; /* has the record too: its destructor tells that the thread ends */
static int vmmc_folder = -1;   /* belongs to the user alone; -1: there is none */
static u64 vmmc_started_at;
static pid_t vmmc_pid;

/* --- Threads, memory, time --- */
OS uptr w2c_os_thread(struct w2c_os *o) { return vmmc_record; }
OS u32 w2c_os_set_thread(struct w2c_os *o, uptr record) { vmmc_record = record; return pthread_setspecific(vmmc_key, (void *)record) == 0; }
OS uptr w2c_os_alloc(struct w2c_os *o, uptr bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) & ~(uptr)63);
  return (uptr)(memory ? memset(memory, 0, bytes) : NULL);
}
OS void w2c_os_free(struct w2c_os *o, uptr address) { free((void *)address); }
OS uptr w2c_os_memory_end(struct w2c_os *o, uptr address, u32 writes) { return address ? ~(uptr)0 : 0; } /* not asked */
OS u64 w2c_os_now_us(struct w2c_os *o) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (u64)now.tv_sec * 1000000 + (u64)now.tv_nsec / 1000;
}
OS void w2c_os_yield(struct w2c_os *o) { sched_yield(); }
OS void w2c_os_sleep_ms(struct w2c_os *o, u32 ms) { usleep(ms * 1000); }
OS u64 w2c_os_random(struct w2c_os *o) { u64 value = 0; return getrandom(&value, sizeof value, 0) < 0 ? 0 : value; }
OS uptr w2c_os_socket_index(struct w2c_os *o, uptr socket) { return socket; }

/* --- Processes and bells --- */
static u64 vmmc_process_start(pid_t pid) { /* in clock ticks since the machine started; 0: no such process */
  char name[32], text[1024], *at;
  snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
  int file = open(name, O_RDONLY | O_CLOEXEC);
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  at = strrchr(text, ')'); /* ends the second field, the name; the start is the 22nd */
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}
OS u32 w2c_os_process_tag(struct w2c_os *o) { return (u32)vmmc_pid << 2; }
OS u64 w2c_os_process_start(struct w2c_os *o) { return vmmc_started_at; }
OS uptr w2c_os_process_open(struct w2c_os *o, u32 tag, u64 start) {
  int process = (int)syscall(SYS_pidfd_open, (pid_t)(tag >> 2), 0);
  if (process >= 0 && vmmc_process_start((pid_t)(tag >> 2)) == start) return (uptr)process + 1;
  if (process >= 0) close(process);
  return 0;
}
OS u32 w2c_os_process_ended(struct w2c_os *o, uptr process) { struct pollfd p = { (int)process - 1, POLLIN, 0 }; return poll(&p, 1, 0) != 0; }
OS void w2c_os_handle_close(struct w2c_os *o, uptr handle) { close((int)handle - 1); }
/* A file of the folder, if it is what it should be: the user's own, of that type. */
static int vmmc_open(const char *name, int flags, mode_t type) {
  struct stat s;
  int file = openat(vmmc_folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (file < 0 || (!fstat(file, &s) && s.st_uid == geteuid() && (s.st_mode & S_IFMT) == type)) return file;
  close(file);
  return -1;
}
/* A bell is a named pipe, which both sides keep open for reading and writing: rung when there are bytes in it. */
static uptr vmmc_bell(u32 tag, u64 start, u32 slot, bool create) {
  char name[64];
  snprintf(name, sizeof name, "bell-%08x-%016llx-%u", tag, (ull)start, slot);
  if (create && mkfifoat(vmmc_folder, name, 0600) && errno != EEXIST) return 0;
  return (uptr)(vmmc_open(name, O_RDWR, S_IFIFO) + 1);
}
static pthread_mutex_t vmmc_bells = PTHREAD_MUTEX_INITIALIZER;
static bool vmmc_bells_are_removed; /* the process ends: threads that still run get no more */
OS uptr w2c_os_bell_create(struct w2c_os *o, u32 slot) {
  pthread_mutex_lock(&vmmc_bells);
  uptr bell = vmmc_bells_are_removed ? 0 : vmmc_bell((u32)vmmc_pid << 2, vmmc_started_at, slot, true);
  pthread_mutex_unlock(&vmmc_bells);
  return bell;
}
OS uptr w2c_os_bell_open(struct w2c_os *o, u32 tag, u64 start, u32 slot) { return vmmc_bell(tag, start, slot, false); }
OS void w2c_os_bell_ring(struct w2c_os *o, uptr bell) { if (write((int)bell - 1, "", 1) < 0) { /* full: it rings already */ } }
OS u32 w2c_os_bell_wait(struct w2c_os *o, uptr bell, uptr process, u32 ms) {
  struct pollfd waits[2] = { { (int)bell - 1, POLLIN, 0 }, { (int)process - 1, POLLIN, 0 } };
  char rings[256];
  if (poll(waits, process ? 2 : 1, (int)ms) <= 0) return WAIT_TIMEOUT_;
  if (!waits[0].revents) return WAIT_PEER_DEAD;
  while (read((int)bell - 1, rings, sizeof rings) == sizeof rings) {}
  return WAIT_BELL;
}
/* Takes away the names of bells: our own, or those of processes that have ended without doing so. */
static void vmmc_remove_bells(bool own) {
  DIR *list = fdopendir(openat(vmmc_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  unsigned tag, slot;
  ull start;
  for (struct dirent *entry; list && (entry = readdir(list));) {
    if (sscanf(entry->d_name, "bell-%x-%llx-%u", &tag, &start, &slot) != 3) continue;
    bool ours = (pid_t)(tag >> 2) == vmmc_pid && start == vmmc_started_at;
    if (own ? ours : vmmc_process_start((pid_t)(tag >> 2)) != start) unlinkat(vmmc_folder, entry->d_name, 0);
  }
  if (list) closedir(list);
}
OS u32 w2c_os_post_message(struct w2c_os *o, uptr window, u32 message, uptr w, u32 l) { return 0; } /* there are no windows */
OS u32 w2c_os_call_hook(struct w2c_os *o, uptr hook) { return ((uptr (*)(void))hook)() != 0; }
/* --- Shared memory: files in a folder that belongs to the user alone --- */
/* The folder: VMMC_DIR; else in memory, one for each user and network namespace. */
static void vmmc_find_folder(void) {
  char path[64];
  struct stat s;
  const char *chosen = getenv("VMMC_DIR");
  if (stat("/proc/self/ns/net", &s)) return;
  snprintf(path, sizeof path, "/dev/shm/vmmc-sockets-%u-%llu", geteuid(), (ull)s.st_ino);
  if (!chosen || !*chosen) chosen = path;
  mkdir(chosen, 0700);
  vmmc_folder = open(chosen, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (vmmc_folder < 0 || (!fstat(vmmc_folder, &s) && s.st_uid == geteuid() && !(s.st_mode & 077))) return;
  close(vmmc_folder);
  vmmc_folder = -1;
}
static u64 vmmc_size(int file) { struct stat s; return fstat(file, &s) ? 0 : (u64)s.st_size; }
static uptr vmmc_map(int file, u64 bytes) {
  void *view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return view == MAP_FAILED ? 0 : (uptr)view;
}
OS uptr w2c_os_directory_map(struct w2c_os *o, u32 bytes) {
  uptr view = 0;
  int file = vmmc_folder < 0 ? -1 : vmmc_open(VMMC_DIRECTORY, O_RDWR | O_CREAT, S_IFREG);
  if (file < 0) return 0;
  flock(file, LOCK_EX); /* so that nobody maps it before it has its size */
  if (vmmc_size(file) || !posix_fallocate(file, 0, bytes)) view = vmmc_size(file) >= bytes ? vmmc_map(file, bytes) : 0;
  flock(file, LOCK_UN); /* the mapping keeps the file open, and so would keep the lock */
  close(file);
  return view;
}
/* A test may want the creator's mapping again where a process connects to itself; otherwise it is a second one, as of another. */
#ifndef VMMC_RECALL
#define VMMC_REMEMBER(key, view) (void)0
#define VMMC_RECALL(key) 0
#endif
static int vmmc_segment(u32 tag, u64 start, u64 key, int flags) { /* flags -1: removes it */
  char name[64];
  snprintf(name, sizeof name, "seg-%08x-%016llx-%016llx", tag, (ull)start, (ull)key);
  return flags < 0 ? unlinkat(vmmc_folder, name, 0) : vmmc_open(name, flags, S_IFREG);
}
/* Fills {address, handle}. The handle holds the mapping's size as well: the file's may be changed by whoever has it open. */
static u32 vmmc_keep(int file, uptr *result) {
  uptr bytes = vmmc_size(file);
  result[0] = bytes && bytes <= UINT32_MAX ? vmmc_map(file, bytes) : 0;
  result[1] = bytes << 32 | (uptr)file;
  if (!result[0]) close(file);
  return result[0] ? (u32)bytes : 0;
}
OS void w2c_os_segment_remove(struct w2c_os *o, u32 tag, u64 start, u64 key) { vmmc_segment(tag, start, key, -1); }
OS u32 w2c_os_segment_create(struct w2c_os *o, u32 tag, u64 start, u64 key, u32 bytes, uptr result) {
  int file = vmmc_segment(tag, start, key, O_RDWR | O_CREAT | O_EXCL);
  if (file < 0) return 0;
  u32 kept = ftruncate(file, bytes) ? (close(file), 0) : vmmc_keep(file, (uptr *)result);
  if (!kept) vmmc_segment(tag, start, key, -1);
  else VMMC_REMEMBER(key, *(uptr *)result);
  return kept != 0;
}
OS u32 w2c_os_segment_allocate(struct w2c_os *o, uptr handle, u32 offset, u32 bytes) { /* a full disk is an error here, not a fault later */
  return !posix_fallocate((int)handle, offset, bytes);
}
OS u32 w2c_os_segment_open(struct w2c_os *o, u32 tag, u64 start, u64 key, uptr result) {
  uptr *kept = (uptr *)result;
  int file = vmmc_segment(tag, start, key, O_RDWR);
  if (file < 0) return 0;
  u32 bytes = vmmc_keep(file, kept);
  vmmc_segment(tag, start, key, -1);
  uptr own = VMMC_RECALL(key);
  if (own) munmap((void *)kept[0], bytes), kept[0] = own;
  return bytes;
}
OS uptr w2c_os_page_create(struct w2c_os *o, u32 number, u32 bytes) { /* without a file: no tool looks at a test */
  void *view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return view == MAP_FAILED ? 0 : (uptr)view;
}
OS u32 w2c_os_program_name(struct w2c_os *o, uptr text, u32 bytes) { ssize_t length = readlink("/proc/self/exe", (char *)text, bytes); return length < 0 ? 0 : (u32)length; }
OS void w2c_os_segment_close(struct w2c_os *o, uptr address, uptr handle) { munmap((void *)address, handle >> 32), close((int)handle); }

/* --- What the core wants to know of its process --- */
static char vmmc_log_path[4096], vmmc_file[16384];
OS u32 w2c_os_modules_changed(struct w2c_os *o) { return 0; }
OS uptr w2c_os_wrapper(struct w2c_os *o) { return 0; }
OS uptr w2c_os_module_text(struct w2c_os *o, u32 n) { return 0; }
OS uptr w2c_os_redirection(struct w2c_os *o, u32 n, u32 function) { return 0; }
OS u32 w2c_os_logging(struct w2c_os *o) { return *vmmc_log_path != 0; }
static bool vmmc_variable(const char *name, char *text, size_t size) {
  const char *value = getenv(name);
  return value && snprintf(text, size, "%s", value) < (int)size;
}
static void vmmc_log(const char *text) {
  char line[512], when[32];
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
  int length = snprintf(line, sizeof line, "%s.%03uZ pid=%d tid=%d %s\n", when, (u32)(now.tv_nsec / 1000000), vmmc_pid, gettid(), text);
  int file = open(vmmc_log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (write(file, line, (size_t)length) < 0) { /* nobody to tell */ }
  close(file);
}
static void *vmmc_caretaker(void *unused);
OS u32 w2c_os_caretaker_start(struct w2c_os *o) {
  pthread_t thread;
  return !pthread_create(&thread, NULL, vmmc_caretaker, NULL) && !pthread_detach(thread);
}
