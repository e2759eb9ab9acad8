/* What an input is made of: steps of eight bytes, so that a mutation of one leaves the others what they are. */
#ifndef VMMC_FUZZ_STEPS_H
#define VMMC_FUZZ_STEPS_H

struct step { u8 kind, who, what, how; u32 value; };
_Static_assert(sizeof(struct step) == 8, "a step has eight bytes");

/* who: process in bit 0, thread in bit 2, and for sockets of the application: number in bits 4 to 6. */
#define STEPS(X) \
  X(START)      /* what: spin limit (bits 0-1), ring (bits 2-3) */ \
  X(SOCKET)     /* how: bit 0 blocking, bits 1-2 a datagram socket if 3 */ \
  X(BIND)       /* what: port, how: address */ \
  X(LISTEN) \
  X(CONNECT)    /* as BIND */ \
  X(ACCEPT)     /* what: number of the new socket, how: bit 0 with a name */ \
  X(SEND)       /* value: length, how: flags */ \
  X(RECEIVE)    /* value: length, how: flags, what: which call */ \
  X(SELECT)     /* what, how: sockets to read, to write; value: time, sockets to except */ \
  X(SHUTDOWN)   /* how */ \
  X(CLOSE) \
  X(IOCTL)      /* how: which command, value */ \
  X(SETOPTION)  /* how: which option, value */ \
  X(GETOPTION)  /* how: which option, value: length */ \
  X(EXOTIC)     /* how: which of the calls that are not for user-level connections */ \
  X(TIME)       /* value: milliseconds that pass */ \
  X(CARE)       /* the caretaker's turn; value: rounds */ \
  X(KILL) \
  X(EXIT) \
  X(THREAD_END) \
  X(FAIL)       /* value: the call after so many that fails */ \
  X(PAIR)       /* a connection between two processes, all steps at once; what: number of the acceptor's socket */ \
  X(ATTACK)     /* see hostile.h */ \
  X(TRAP)       /* value: looks at shared memory until the next step is carried out, which is an attack */ \
  X(FORGE_FILE) \
  X(FORGE_OFFER) \
  X(OUTSIDER)   /* a program without the core; how: which call */ \
  X(LIE)        /* what: about which block, how: window, value: bytes written */
enum step_kind {
#define X(name) S_##name,
  STEPS(X)
#undef X
  STEP_KINDS
};
static const char *const step_names[] = {
#define X(name) #name,
  STEPS(X)
#undef X
};

/** The input, and how far it has been carried out. */
static struct { const u8 *bytes; size_t length, at; u32 nested; } program;

#endif
