/* Writing values into a line. Nothing here may fail: pointers are read so that wrong ones do no harm. */

static void vmmc_put(struct vmmc_call *call, char c) {
  if (call->used < VMMC_LINE_BYTES - 1) call->text[call->used++] = c;
}

static void vmmc_puts(struct vmmc_call *call, const char *text) {
  while (*text != 0) vmmc_put(call, *text++);
}

static void vmmc_put_number(struct vmmc_call *call, unsigned long long value, unsigned base) {
  char digits[24];
  unsigned at = sizeof digits;
  do digits[--at] = "0123456789abcdef"[value % base]; while ((value /= base) != 0);
  while (at < sizeof digits) vmmc_put(call, digits[at++]);
}

static void vmmc_put_hexadecimal(struct vmmc_call *call, unsigned long long value) {
  vmmc_puts(call, "0x");
  vmmc_put_number(call, value, 16);
}

static void vmmc_put_padded(struct vmmc_call *call, unsigned value, unsigned digits) {
  unsigned scale = 1;
  while (--digits > 0) scale *= 10;
  for (; scale > 0; scale /= 10) vmmc_put(call, (char)('0' + value / scale % 10));
}

/* Seven significant digits: enough to recognise a value by. */
static void vmmc_put_real(struct vmmc_call *call, double value) {
  int exponent = 0;
  if (value != value) { vmmc_puts(call, "nan"); return; }
  if (value < 0) { vmmc_put(call, '-'); value = -value; }
  if (value > 1.7976931348623157e308) { vmmc_puts(call, "inf"); return; }
  if (value != 0) {
    while (value >= 1e7) value /= 10, exponent++;
    while (value < 1e-4 || (exponent < 0 && value < 1)) value *= 10, exponent--;
  }
  unsigned long long scaled = (unsigned long long)(value * 1e6 + 0.5), fraction = scaled % 1000000;
  vmmc_put_number(call, scaled / 1000000, 10);
  if (fraction != 0) {
    unsigned digits = 6;
    for (; fraction % 10 == 0; fraction /= 10) digits--;
    vmmc_put(call, '.');
    vmmc_put_padded(call, (unsigned)fraction, digits);
  }
  if (exponent != 0) {
    vmmc_puts(call, exponent < 0 ? "e-" : "e");
    vmmc_put_number(call, (unsigned)(exponent < 0 ? -exponent : exponent), 10);
  }
}

/* Copies what can be read, up to the first page that cannot. @returns the number of bytes */
static size_t vmmc_read(void *to, const void *from, size_t bytes) {
  size_t done = 0;
  while (done < bytes) {
    const char *at = (const char *)from + done;
    size_t piece = 4096 - ((uintptr_t)at & 4095);
    if (piece > bytes - done) piece = bytes - done;
    SIZE_T got = 0;
    if (!ReadProcessMemory(GetCurrentProcess(), at, (char *)to + done, piece, &got)) break;
    done += piece;
  }
  return done;
}

static void vmmc_put_character(struct vmmc_call *call, unsigned c, int is_wide) {
  const char *escapes = "\"\"\\\\\nn\rr\tt";
  for (const char *e = escapes; *e != 0; e += 2) {
    if ((unsigned)e[0] == c) { vmmc_put(call, '\\'); vmmc_put(call, e[1]); return; }
  }
  if (c >= 32 && c < 127) { vmmc_put(call, (char)c); return; }
  vmmc_puts(call, is_wide ? "\\u" : "\\x");
  for (int shift = is_wide ? 12 : 4; shift >= 0; shift -= 4) vmmc_put(call, "0123456789abcdef"[c >> shift & 15]);
}

#define VMMC_SHOWN_CHARACTERS 64

/* Characters at `text`: `count` of them, or up to the zero that ends them if `count` is negative. */
static void vmmc_put_text(struct vmmc_call *call, const void *text, long long count, int is_wide) {
  unsigned char bytes[2 * VMMC_SHOWN_CHARACTERS];
  unsigned width = is_wide ? 2 : 1;
  size_t wanted = count < 0 || count > VMMC_SHOWN_CHARACTERS ? VMMC_SHOWN_CHARACTERS : (size_t)count;
  size_t got = vmmc_read(bytes, text, wanted * width) / width, n = 0;
  if (got == 0 && wanted > 0) { vmmc_put_hexadecimal(call, (uintptr_t)text); return; }
  vmmc_puts(call, is_wide ? "L\"" : "\"");
  for (; n < got; n++) {
    unsigned c = is_wide ? (unsigned)(bytes[2 * n] | bytes[2 * n + 1] << 8) : bytes[n];
    if (count < 0 && c == 0) break;
    vmmc_put_character(call, c, is_wide);
  }
  vmmc_put(call, '"');
  if (n == VMMC_SHOWN_CHARACTERS && count != VMMC_SHOWN_CHARACTERS) vmmc_puts(call, "...");
}

/* Names for a value: its own, or those of its bits joined by "|". @returns whether there are any */
static int vmmc_put_symbols(struct vmmc_call *call, unsigned long long value, const struct vmmc_value *type) {
  unsigned long long rest = value;
  int found = 0;
  for (unsigned n = 0; n < type->symbol_count; n++) {
    if (type->symbols[n].value == value) { vmmc_puts(call, type->symbols[n].name); return 1; }
  }
  for (unsigned n = 0; n < type->symbol_count; n++) {
    unsigned long long bit = type->symbols[n].value;
    if (bit == 0 || (bit & (bit - 1)) != 0 || (rest & bit) == 0) continue;
    if (found++ > 0) vmmc_put(call, '|');
    vmmc_puts(call, type->symbols[n].name);
    rest &= ~bit;
  }
  if (found > 0 && rest != 0) { vmmc_put(call, '|'); vmmc_put_hexadecimal(call, rest); }
  return found > 0;
}

static void vmmc_put_integer(struct vmmc_call *call, unsigned long long value, const struct vmmc_value *type) {
  if (vmmc_put_symbols(call, value, type)) return;
  if (type->is_signed && (long long)value < 0) {
    vmmc_put(call, '-');
    value = 0 - value;
  } else if (!type->is_signed && value > 0xffff) {
    vmmc_put_hexadecimal(call, value);
    return;
  }
  vmmc_put_number(call, value, 10);
}

/* The integer in `size` bytes at an address that can be read, widened by its sign if it has one. */
static unsigned long long vmmc_integer(const void *at, unsigned size, int is_signed) {
  unsigned long long value = 0;
  for (unsigned n = 0; n < size && n < 8; n++) value |= (unsigned long long)((const unsigned char *)at)[n] << 8 * n;
  if (is_signed && size < 8 && (value >> (8 * size - 1) & 1)) value |= ~0ULL << 8 * size;
  return value;
}

static void vmmc_put_address(struct vmmc_call *call, const unsigned char *address) {
  unsigned char a[28];
  size_t got = vmmc_read(a, address, sizeof a);
  if (got < 16) got = vmmc_read(a, address, 16);
  unsigned family = got < 16 ? 0 : (unsigned)(a[0] | a[1] << 8), port = (unsigned)(a[2] << 8 | a[3]);
  if (got < 16) {
    vmmc_put_hexadecimal(call, (uintptr_t)address);
  } else if (family == 2) {
    for (int n = 4; n < 8; n++) {
      vmmc_put_number(call, a[n], 10);
      vmmc_put(call, n < 7 ? '.' : ':');
    }
    vmmc_put_number(call, port, 10);
  } else if (family == 23 && got == sizeof a) {
    for (int n = 8; n < 24; n += 2) {
      vmmc_put(call, n == 8 ? '[' : ':');
      vmmc_put_number(call, (unsigned)(a[n] << 8 | a[n + 1]), 16);
    }
    vmmc_puts(call, "]:");
    vmmc_put_number(call, port, 10);
  } else {
    vmmc_puts(call, "{family ");
    vmmc_put_number(call, family, 10);
    vmmc_put(call, '}');
  }
}

static void vmmc_put_set(struct vmmc_call *call, const void *set) {
  uintptr_t words[9];
  size_t got = vmmc_read(words, set, sizeof words);
  if (got < sizeof *words) { vmmc_put_hexadecimal(call, (uintptr_t)set); return; }
  unsigned count = (unsigned)words[0];
  vmmc_put(call, '{');
  for (unsigned n = 0; n < count && n < 8 && (n + 2) * sizeof *words <= got; n++) {
    if (n > 0) vmmc_put(call, ' ');
    vmmc_put_hexadecimal(call, words[n + 1]);
  }
  vmmc_puts(call, count > 8 ? " ...}" : "}");
}
