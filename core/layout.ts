/**
 * Every number that two programs, or two languages, must agree on: the shared memory's sizes, offsets and states, and
 * the codes of the diagnostics. Valid TypeScript and valid AssemblyScript; the tools and the tests read it too.
 * docs/protocol.md draws the same records.
 */

// --- Rendezvous directory -------------------------------------------------------------------------------------------
//
//   0        64 KiB                128 KiB                         384 KiB
//   +--------+---------------------+-------------------------------+
//   | header | listeners (1,024)   | pending connections (4,096)   |
//   +--------+---------------------+-------------------------------+

/** "VMMC", little-endian: says that a file is a rendezvous directory or a segment. */
export const MAGIC = 0x434d4d56;
/** Raised with every change of a shared byte: two versions never share memory, they fall back to the kernel. */
export const PROTOCOL_VERSION = 4;

export const DIRECTORY_MAGIC = 0;
export const DIRECTORY_VERSION = 4;
export const DIRECTORY_BYTES_FIELD = 8;
/** One more than the highest listener slot ever used: bounds every scan. */
export const DIRECTORY_LISTENERS_USED = 64;
/** One more than the highest pending slot ever used. */
export const DIRECTORY_PENDING_USED = 128;

export const SLOT_BYTES = 64;
/** As many listeners as one user plausibly has; a listener that finds no slot is simply not accelerated. */
export const LISTENER_SLOTS = 1024;
/** Connections between connect and accept. The kernel's queues hold at most 4,096 by default. */
export const PENDING_SLOTS = 4096;
export const LISTENERS_OFFSET = 65536;
export const PENDING_OFFSET = 131072;
export const DIRECTORY_BYTES = 393216;

// A slot's first word is the owner's process tag (a multiple of 4) with the slot's state in the low two bits, so that
// one compare-and-swap claims a slot and names its owner: a process that dies at any step leaves a slot that says whose.
export const SLOT_WORD = 0;
/** Counts the slot's uses: tells a reader that what it copied belongs together. */
export const SLOT_SEQUENCE = 4;
/** Start time of the owner (64 bit): with the tag, names a process for good. */
export const SLOT_START = 8;
/** IPv4 address and port, both in network byte order as `sockaddr_in` holds them. */
export const SLOT_SERVER_ADDRESS = 16;
export const SLOT_SERVER_PORT = 20;
export const SLOT_CLIENT_ADDRESS = 24;
export const SLOT_CLIENT_PORT = 28;
/** Names the segment (64 bit). */
export const SLOT_SEGMENT_KEY = 32;
/** The listener that was found: its slot's number, and which use of that slot it is. */
export const SLOT_LISTENER = 40;
export const SLOT_LISTENER_SEQUENCE = 44;

export const SLOT_STATE_MASK = 3;
export const SLOT_FREE = 0;
/** Being filled in by its owner; everybody else ignores it. */
export const SLOT_CLAIMED = 1;
/** Listener: published. Pending: an intent, the connector is inside the kernel's connect. */
export const SLOT_LIVE = 2;
/** Pending: all fields are valid, the acceptor may take the segment. */
export const SLOT_PENDING = 3;

// --- Segment --------------------------------------------------------------------------------------------------------
//
//   0        512             1024            4096             4096+ring        4096+2*ring
//   +--------+---------------+---------------+----------------+----------------+
//   | header | block 0       | block 1       | ring 0         | ring 1         |
//   +--------+---------------+---------------+----------------+----------------+
//
// Side 0 is the connector, side 1 the acceptor. Block i and ring i are what side i exports: the *other* side writes
// them, side i reads them. Only the state word has two writers.

export const SEGMENT_MAGIC = 0;
export const SEGMENT_VERSION = 4;
export const SEGMENT_RING_BYTES = 8;
/** Counts the connections that this segment has carried: it is used again by the same two processes. */
export const SEGMENT_GENERATION = 12;
export const SEGMENT_CONNECTOR_TAG = 16;
export const SEGMENT_ACCEPTOR_TAG = 20;
export const SEGMENT_CONNECTOR_START = 24;
export const SEGMENT_ACCEPTOR_START = 32;
/** Decided once per generation by compare-and-swap from STATE_PENDING. What may follow is in docs/protocol.md. */
export const SEGMENT_STATE = 128;
/** Written by the acceptor: the last generation it has let go of. */
export const SEGMENT_RELEASED = 256;
/** Written by the acceptor: not zero once it has unmapped the segment, which then is not used again. */
export const SEGMENT_UNMAPPED = 260;

export const STATE_PENDING = 1;
export const STATE_USER = 2;
export const STATE_KERNEL = 3;
/** As STATE_KERNEL, and the connector is through with the ring: the kernel has all of it that it will get. */
export const STATE_HANDED = 4;
/**
 * The connector (plus 1: the acceptor) wants a user-level connection to go on in the kernel. It writes and reads no more, and
 * waits for the peer.
 */
export const STATE_LEAVING = 5;
/** The peer has stopped as well: all positions are final, and each side goes on in the kernel. */
export const STATE_LEFT = 7;
/** A side has closed its socket: too late for the other to leave. */
export const STATE_CLOSED = 8;

export const BLOCKS_OFFSET = 512;
export const BLOCK_BYTES = 512;
/** Bytes that the peer has written into this side's ring (free-running). */
export const BLOCK_HEAD = 0;
/** How many bytes of the ring are in use (a power of two; 0 as yet: WINDOW_BYTES_MIN). The peer enlarges it, before it writes on. */
export const BLOCK_WINDOW = 4;
/** An array of positions: where each doubling of the window begins. */
export const BLOCK_LEVELS = 8;
/** How often a window can double: from WINDOW_BYTES_MIN to RING_BYTES_MAX. */
export const LEVELS_MAX = 11;
/** The position of the byte that the peer has sent as urgent last. In the head's cache line, as are the next two words. */
export const BLOCK_URGENT_AT = 52;
/** URGENT_ bits: which byte that is, and how many are passed over before it. 0: nothing was sent as urgent yet. */
export const BLOCK_URGENT = 56;
/** Where the bytes to pass over begin: older urgent ones, right behind all that was read when the latest was sent. */
export const BLOCK_URGENT_PASS = 60;
/** Credit: bytes that the peer has read from the ring that this side writes (free-running). */
export const BLOCK_CREDIT = 128;
/** The peer wants a bell when this side publishes bytes. */
export const BLOCK_READ_ARMED = 256;
/** The peer wants a bell when this side gives credit. */
export const BLOCK_WRITE_ARMED = 260;
/** The peer's FLAG_ bits. */
export const BLOCK_FLAGS = 384;
/** How many doorbells the peer has sent to this side on the kernel connection: final when the peer leaves. */
export const BLOCK_DOORBELLS = 388;

// An urgent word: the byte itself in the low bits, a bit that is always set, how many bytes to pass over, and a count, so that
// no two marks look alike.
export const URGENT_SENT = 0x100;
export const URGENT_PASS_SHIFT = 9;
export const URGENT_PASS_MASK = 0xff;
export const URGENT_COUNT_SHIFT = 17;

/** No more bytes after `head`. */
export const FLAG_FIN = 1;
/** The peer has closed its socket: it will read nothing more either. */
export const FLAG_CLOSED = 2;
/** The peer closed abortively (SO_LINGER zero, or bytes left unread). Always with FIN and CLOSED. */
export const FLAG_RESET = 4;

// An armed word says how to wake the waiter: 0 not at all; else a bell slot + 1 (low bits), the bit for a doorbell on
// the kernel connection, and a sequence number, so that no two armings look alike and each is answered at most once.
export const ARM_SLOT_MASK = 0xfff;
export const ARM_DOORBELL = 0x1000;
export const ARM_SEQUENCE_SHIFT = 13;

export const RINGS_OFFSET = 4096;
/** Positions are 32 bit and free-running: a ring must stay far below 2 GiB. */
export const RING_BYTES_MAX = 16777216;
/** Every ring begins with this much: what an idle connection costs. Storage for more is allocated when it is used. */
export const WINDOW_BYTES_MIN = 8192;
/**
 * So much can be written before the acceptor has decided: a kernel connection that was not used yet takes it at once, on
 * every system, should the connection go on there.
 */
export const PENDING_WINDOW_MAX = 65536;
/** With more segments than this, new ones have smaller rings: a quarter, a sixteenth. Address space is scarce on 32 bits. */
export const SEGMENTS_MANY = 32;
export const SEGMENTS_VERY_MANY = 256;
/** Bytes are published and credited in pieces, so that the two sides copy at the same time. */
export const COPY_CHUNK = 65536;

// --- Statistics pages -----------------------------------------------------------------------------------------------
//
//   0        192        384
//   +--------+----------+----------+----
//   | header | record 0 | record 1 | ...
//   +--------+----------+----------+----
//
// What a process tells tools of its connections. It alone writes them, and nothing in it believes them.

/** "VMMs", little-endian. Written last. */
export const STATISTICS_MAGIC = 0x734d4d56;
export const STATISTICS_VERSION = 1;
export const STATISTICS_BYTES = 65536;
/** As many as 20,000 connections need; more have no records. */
export const STATISTICS_PAGES = 64;
export const STATISTICS_MAGIC_FIELD = 0;
export const STATISTICS_VERSION_FIELD = 4;
export const STATISTICS_TAG = 8;
export const STATISTICS_START = 16;
/** The program's file name, ending with a zero. */
export const STATISTICS_PROGRAM = 64;
export const STATISTICS_PROGRAM_BYTES = 128;

/** Three cache lines: what the connection is, what the sender counts, what the receiver counts. */
export const RECORD_BYTES = 192;
/** 1 while a connection has the record. */
export const RECORD_USED = 0;
export const RECORD_MODE = 4;
export const RECORD_REASON = 8;
export const RECORD_ROLE = 12;
/** IPv4 addresses and ports in network byte order; 0: not known. */
export const RECORD_LOCAL_ADDRESS = 16;
export const RECORD_LOCAL_PORT = 20;
export const RECORD_PEER_ADDRESS = 24;
export const RECORD_PEER_PORT = 28;
/** When the record was taken, in microseconds of the machine's monotonic clock (64 bit). */
export const RECORD_SINCE_US = 32;
export const RECORD_SOCKET = 40;
export const RECORD_PEER_TAG = 48;
// Counters, 64 bit each.
export const RECORD_SENT_BYTES = 64;
export const RECORD_SENDS = 72;
export const RECORD_SEND_SPINS = 80;
export const RECORD_SEND_SLEEPS = 88;
export const RECORD_SEND_DOORBELLS = 96;
export const RECORD_RECEIVED_BYTES = 128;
export const RECORD_RECEIVES = 136;
export const RECORD_RECEIVE_SPINS = 144;
export const RECORD_RECEIVE_SLEEPS = 152;
export const RECORD_RECEIVE_DOORBELLS = 160;

// --- Limits inside one process --------------------------------------------------------------------------------------

/** Threads of one process that can sleep at the same time with a bell of their own (12 bits, 0 means none). */
export const BELL_SLOTS = 4095;
/** The caretaker's bell, in every process: rung by a peer that leaves, whatever the application's threads do meanwhile. */
export const CARETAKER_BELL_SLOT = 0;
export const BELLS_PER_BLOCK = 64;
/** Segments kept mapped for the next connection to the same process. */
export const POOL_LIMIT = 64;
/** SOCKET values are handles: multiples of 4, far below 2^24 in practice. Larger ones stay kernel sockets. */
export const TABLE_PAGE_ENTRIES = 4096;
export const TABLE_PAGES = 4096;

/** An acceptor waits this long (ms) for connectors that are about to publish; then they stay on the kernel. */
export const INTENT_LIMIT_MS = 250;
/** A connection that is not taken by a wrapped acceptor in this time (ms) while bytes wait goes on in the kernel. */
export const PENDING_LIMIT_MS = 3000;
export const CARETAKER_PERIOD_MS = 100;
/** Who leaves waits this long (ms) for a peer that does not answer, and then stays. */
export const LEAVE_LIMIT_MS = 3000;
/** A kernel that takes no byte, or gives no doorbell, for this long (ms) while a connection is handed over to it never will. */
export const HAND_OVER_LIMIT_MS = 2000;
/** Who closes while bytes for a peer that has left are not through waits this long (ms) for the kernel to take some more. */
export const LEFT_CLOSE_LIMIT_MS = 10000;
/** An honest peer has no more doorbells than this under way. */
export const DOORBELLS_MOST = 65536;
/** Segments that no connection has used for two such periods (ms) are let go of. */
export const IDLE_PERIOD_MS = 1000;
/** A sleeper looks at the kernel connection this often (ms), for the ends that no bell announces. */
export const RECHECK_MS = 1000;
export const RECHECK_GONE_MS = 20;
/** A program that polls learns of a dead peer this soon (us): each look costs a call of the kernel. */
export const POLL_PERIOD_US = 5000;
/** Spinning never goes below this (us): a fruitless look must stay cheap. */
export const SPIN_MIN_US = 2;
/** What a connection's first waits spin for (us), before they have taught it better. */
export const SPIN_START_US = 10;
/**
 * Up to here (us) a spin only pauses; from then on it lets other threads run as well. An answer that is on its way takes a
 * fraction of this; where both sides share a processor, the other one cannot answer before it is let run.
 */
export const SPIN_PAUSE_US = 1;
/** `select` asks the kernel about kernel sockets at least this often (us) while user-level ones keep it busy. */
export const SELECT_KERNEL_PERIOD_US = 1000;

// --- Configuration and diagnostics ----------------------------------------------------------------------------------

export const CONFIG_DISABLE = 0;
export const CONFIG_SPIN_US = 1;
export const CONFIG_RING_BYTES = 2;
export const CONFIG_STATISTICS = 3;
export const CONFIG_INHERIT = 4;

export const MODE_KERNEL = 0;
export const MODE_USER = 1;
/** Connected, and the acceptor has not decided yet. */
export const MODE_UNDECIDED = 2;
export const ROLE_CONNECT = 0;
export const ROLE_ACCEPT = 1;

// Why a connection is not user-level (or 0: it is). The texts are in diagnostics.ts.
export const REASON_NONE = 0;
export const REASON_NO_LISTENER = 1;
export const REASON_PEER_NOT_WRAPPED = 2;
export const REASON_OTHER_HOST = 3;
export const REASON_DISABLED = 4;
export const REASON_MIXED_PROCESS = 5;
export const REASON_UNSUPPORTED_CALLS = 6;
export const REASON_DIRECTORY_UNAVAILABLE = 7;
export const REASON_DIRECTORY_FOREIGN = 8;
export const REASON_DIRECTORY_VERSION = 9;
export const REASON_DIRECTORY_FULL = 10;
export const REASON_SEGMENT_CREATE = 11;
export const REASON_SEGMENT_IMPORT = 12;
export const REASON_LATE = 13;
export const REASON_CLOSED_BEFORE_ACCEPT = 14;
export const REASON_LISTENER_GONE = 15;
export const REASON_NOT_ACCEPTED = 16;
export const REASON_CONNECT_FAILED = 17;
export const REASON_TABLE_FULL = 18;
export const REASON_RULE = 19;
export const REASON_INHERITED = 20;

// Events other than a connection's decision.
export const EVENT_STARTED = 1;
export const EVENT_LISTENER_NOT_PUBLISHED = 2;
export const EVENT_DAMAGED = 3;
export const EVENT_REFUSED_CALL = 4;
export const EVENT_STALE_SLOT = 5;
export const EVENT_RULE_IGNORED = 6;

// What the modules of this process make of it (bits).
/** One could use sockets behind the wrapper. */
export const POLICY_MIXED = 1;
/** Imports were changed. */
export const POLICY_REDIRECTED = 2;

// What `os.moduleText()` gives. The texts are in settings.ts.
export const TEXT_SOCKETS = 0;
export const TEXT_SYSTEM = 1;
export const TEXT_SYSTEM_BASE = 2;
/** From here on: how the names of C runtimes begin. */
export const TEXT_RUNTIMES = 3;
/** From here on: names of sockets calls. */
export const TEXT_CALLS = 6;

// What `os.bellWait()` returns.
export const WAIT_BELL = 0;
export const WAIT_PEER_DEAD = 1;
export const WAIT_TIMEOUT = 2;
