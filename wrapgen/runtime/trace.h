/* How stubs tell the trace of their calls. The tables of these types are generated from the headers. */
#ifndef VMMC_TRACE_H
#define VMMC_TRACE_H

enum vmmc_kind {
  VMMC_VOID,
  VMMC_INTEGER,
  VMMC_HEXADECIMAL,
  VMMC_REAL,
  VMMC_RECORD,
  VMMC_POINTER,
  VMMC_NUMBER_POINTER, /* to an integer or a pointer of `size` bytes, which the function may change */
  VMMC_STRING,
  VMMC_WIDE_STRING,
  VMMC_BYTES,  /* as many as the parameter at `length_at` says */
  VMMC_BUFFER, /* characters that the function may write */
  VMMC_SOCKADDR,
  VMMC_FD_SET,
  VMMC_UNKNOWN,
};

/* What a result looks like that tells of failure. */
enum vmmc_failure { VMMC_FAILS_NONE, VMMC_FAILS_ZERO, VMMC_FAILS_MINUS_ONE, VMMC_FAILS_NEGATIVE };

struct vmmc_symbol {
  const char *name;
  unsigned long long value;
};

/* A parameter, or a result, which has no name. */
struct vmmc_value {
  const char *name;
  unsigned char kind;
  unsigned char size; /* in bytes; larger ones count as 255 */
  unsigned char is_signed;
  unsigned char failure;
  unsigned char is_const; /* the function does not write where it points to */
  signed char length_at;
  unsigned short symbol_count;
  const struct vmmc_symbol *symbols;
};

struct vmmc_function {
  const char *name;
  int parameter_count;             /* -1 if no prototype is known */
  const struct vmmc_value *values; /* the parameters, then the result */
};

/* A line has room for this; what does not fit is left out, and "..." stands in its place. */
#define VMMC_LINE_BYTES 2048
#define VMMC_ARGUMENTS_END 1200

/* One call, on the stack of the stub. */
struct vmmc_call {
  const struct vmmc_function *function;
  const void *const *arguments; /* where they are */
  long long began;              /* in ticks; 0 if this call is not to be written */
  unsigned long error_before;
  unsigned used;
  char text[VMMC_LINE_BYTES];
};

void vmmc_trace_begin(struct vmmc_call *call, const struct vmmc_function *function, const void *const *arguments);
void vmmc_trace_end(struct vmmc_call *call, const void *result);

#endif
