/**
 * The only door to the operating system: declarations, nothing else. The calls of the sockets DLL itself are generated
 * from its headers (generated/winsock.ts); what stands here is implemented in native/ for each platform.
 * Handles and addresses are `usize`, 0 where there is none. Times are milliseconds or microseconds, as named.
 */

/** This thread's record (set by `setThread`), 0 at first. */
@external("os", "thread") export declare function thread(): usize;
/** False when the platform cannot keep it. */
@external("os", "set_thread") export declare function setThread(record: usize): bool;
/** Says that this thread's last error is none: `WSASetLastError(0)`, for calls that take as long as a few of those. */
@external("os", "clear_error") export declare function clearError(): void;

/** Zeroed memory of the process, 64-byte aligned; 0 when there is none left. */
@external("os", "alloc") export declare function alloc(bytes: usize): usize;
@external("os", "free") export declare function free(address: usize): void;

/** Where the application's memory ends that goes on from `address` with the same rights; 0: it cannot be read (or written). */
@external("os", "memory_end") export declare function memoryEnd(address: usize, writes: bool): usize;

/** Monotonic time in microseconds. */
@external("os", "now_us") export declare function nowUs(): u64;
/** Lets another runnable thread have this processor. */
@external("os", "yield") export declare function yieldProcessor(): void;
@external("os", "sleep_ms") export declare function sleepMs(ms: u32): void;
@external("os", "random") export declare function random(): u64;

/** Index of a socket in the descriptor table: handles are multiples of 4 on Windows, file descriptors are not. */
@external("os", "socket_index") export declare function socketIndex(socket: usize): usize;

/** The process id as a multiple of 4, never 0. */
@external("os", "process_tag") export declare function processTag(): u32;
@external("os", "process_start") export declare function processStart(): u64;
/** A handle to wait for the end of that process; 0 when it does not run (any more) or belongs to somebody else. */
@external("os", "process_open") export declare function processOpen(tag: u32, start: u64): usize;
@external("os", "process_ended") export declare function processEnded(process: usize): bool;
@external("os", "handle_close") export declare function closeHandle(handle: usize): void;

/** This process's bell of that slot, which other processes of the same user can open and ring. */
@external("os", "bell_create") export declare function bellCreate(slot: u32): usize;
@external("os", "bell_open") export declare function bellOpen(tag: u32, start: u64, slot: u32): usize;
@external("os", "bell_ring") export declare function bellRing(bell: usize): void;
/** Sleeps until the bell rings, the process (0: none) ends or the time (ms) is over: WAIT_BELL, WAIT_PEER_DEAD, WAIT_TIMEOUT. */
@external("os", "bell_wait") export declare function bellWait(bell: usize, process: usize, ms: u32): u32;

/** Maps the rendezvous directory, made with zeros if there is none; 0 on failure. */
@external("os", "directory_map") export declare function directoryMap(bytes: u32): usize;
/** Creates a segment's file, without storage as yet, and maps it. Fills {address, handle} at `result`. */
@external("os", "segment_create") export declare function segmentCreate(
  tag: u32,
  start: u64,
  key: u64,
  bytes: u32,
  result: usize,
): bool;
/** Really allocates storage for that part of a segment's file, zeroed: afterwards its memory can be touched. False: there is none. */
@external("os", "segment_allocate") export declare function segmentAllocate(handle: usize, offset: u32, bytes: u32): bool;
/** Maps a segment of another process; its name goes away with the handle. Fills {address, handle}; returns its bytes, 0 on failure. */
@external("os", "segment_open") export declare function segmentOpen(tag: u32, start: u64, key: u64, result: usize): u32;
@external("os", "segment_close") export declare function segmentClose(address: usize, handle: usize): void;
@external("os", "segment_remove") export declare function segmentRemove(tag: u32, start: u64, key: u64): void;

/** A file of this process alone, for tools to read: with storage, mapped, its name goes with the process. 0 on failure. */
@external("os", "page_create") export declare function pageCreate(number: u32, bytes: u32): usize;
/** Writes the path of the program's file, without a zero at its end if it is too long. Returns its length, 0 if unknown. */
@external("os", "program_name") export declare function programName(text: usize, bytes: u32): u32;

/** Posts a message into the queue of the window's thread. Never waits. False: there is no such window, or no room. */
@external("os", "post_message") export declare function postMessage(window: usize, message: u32, wParam: usize, lParam: u32): bool;

/** Calls a blocking hook of the application; what it returns: whether it wants to be called again at once. */
@external("os", "call_hook") export declare function callHook(hook: usize): bool;

/** True when modules were loaded into this process since the last question; at first: yes, where there are modules. */
@external("os", "modules_changed") export declare function modulesChanged(): bool;
/** The module that the core is in. */
@external("os", "wrapper") export declare function wrapper(): usize;
/** The TEXT_ of that number, ending with a zero; 0 behind the last. */
@external("os", "module_text") export declare function moduleText(number: u32): usize;
/** The name of a function whose imports are changed, or the function that takes its place; 0 behind the last. */
@external("os", "redirection") export declare function redirection(number: u32, replacement: bool): usize;
/** Value of a CONFIG_ setting. */
@external("os", "config") export declare function config(setting: u32): u32;
/** Writes the text of the user's rules, VMMC_RULES. Returns its length, 0 if there is none or it is too long. */
@external("os", "rules") export declare function rules(text: usize, bytes: u32): u32;
/** True when diagnostics are wanted: then the log calls below are worth their arguments. */
@external("os", "logging") export declare function logging(): bool;
@external("os", "log_connection") export declare function logConnection(
  role: u32,
  localAddress: u32,
  localPort: u32,
  peerAddress: u32,
  peerPort: u32,
  mode: u32,
  reason: u32,
): void;
@external("os", "log_event") export declare function logEvent(event: u32, value: u64, reason: u32): void;
/** Starts a thread of ours, which runs `caretaker`. */
@external("os", "caretaker_start") export declare function caretakerStart(): bool;
