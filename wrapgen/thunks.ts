import { type Arch, TARGETS } from "./targets.js";

/*
 * A stub for a function of unknown prototype jumps through a pointer and touches nothing else. The pointer first leads to
 * code that saves every register in which an argument may be and the flags, finds the function, and restores them. Registers that a
 * called function must preserve need no saving here: the resolver preserves them.
 */

/** File-level assembly for a function `symbol` that is the import `id`, and for `vmmc_first_ID`, which finds that. */
export function untypedStub(id: string, symbol: string, arch: Arch): string {
  return fileLevel(arch === "x64" ? x64(id, symbol) : ia32(id, symbol));
}

/** Assembly as a declaration of C. */
export function fileLevel(lines: readonly string[]): string {
  return `__asm__(\n${lines.map((line) => `  "${line}\\n"`).join("\n")}\n);`;
}

/**
 * Stack of the slow path on x64, after the frame was made (from the stack pointer up):
 *
 *   0x00  home space of the resolver's arguments (32 bytes)
 *   0x20  rax rcx rdx r8 r9 r10 r11
 *   0x60  xmm0 .. xmm5
 *   0xc0  flags
 *   0xc8  return address (so that the stack pointer is a multiple of 16)
 */
function x64(id: string, symbol: string): string[] {
  const save = x64Saving(`vmmc_first_${id}`);
  return [
    ".text",
    `.globl ${symbol}`,
    `${symbol}:`,
    `  jmp *vmmc_target_${id}(%rip)`,
    ...save.before.slice(1),
    `  leaq vmmc_import_${id}(%rip), %rcx`,
    "  call vmmc_resolve_or_raise",
    `  movq %rax, vmmc_target_${id}(%rip)`,
    ...save.after,
    `  jmp *vmmc_target_${id}(%rip)`,
    ".seh_endproc",
  ];
}

/** The beginning of a function that saves all registers with arguments, and what restores them. */
function x64Saving(symbol: string): { before: string[]; after: string[] } {
  const general = ["rax", "rcx", "rdx", "r8", "r9", "r10", "r11"].map((name, n) => ({ name, at: 0x20 + 8 * n }));
  const vector = [0, 1, 2, 3, 4, 5].map((n) => ({ name: `xmm${n}`, at: 0x60 + 16 * n }));
  const slot = (at: number) => `0x${at.toString(16)}(%rsp)`;
  const before = [
    ".text",
    `.globl ${symbol}`,
    `.seh_proc ${symbol}`,
    `${symbol}:`,
    "  pushfq",
    "  .seh_stackalloc 8",
    "  subq $0xc0, %rsp",
    "  .seh_stackalloc 0xc0",
    "  .seh_endprologue",
    ...general.map(({ name, at }) => `  movq %${name}, ${slot(at)}`),
    ...vector.map(({ name, at }) => `  movaps %${name}, ${slot(at)}`),
  ];
  const after = [
    ...vector.map(({ name, at }) => `  movaps ${slot(at)}, %${name}`),
    ...general.map(({ name, at }) => `  movq ${slot(at)}, %${name}`),
    "  addq $0xc0, %rsp",
    "  popfq",
  ];
  return { before, after };
}

/** On ia32 arguments are on the stack, and in eax, ecx, edx and xmm0 to xmm5 for some conventions. */
function ia32(id: string, symbol: string): string[] {
  const p = TARGETS.ia32.symbolPrefix;
  const save = ia32Saving(`${p}vmmc_first_${id}`);
  return [
    ".text",
    `.globl ${p}${symbol}`,
    `${p}${symbol}:`,
    `  jmp *${p}vmmc_target_${id}`,
    ...save.before.slice(1),
    `  pushl $${p}vmmc_import_${id}`,
    `  call ${p}vmmc_resolve_or_raise`,
    `  movl %eax, ${p}vmmc_target_${id}`,
    "  addl $4, %esp",
    ...save.after,
    `  jmp *${p}vmmc_target_${id}`,
  ];
}

/**
 * The same for ia32. The stack then, from the stack pointer up:
 *
 *   0x00  xmm0 .. xmm5
 *   0x60  edx ecx eax flags
 *   0x70  return address, then the arguments
 */
function ia32Saving(symbol: string): { before: string[]; after: string[] } {
  const vector = [0, 1, 2, 3, 4, 5].map((n) => ({ name: `xmm${n}`, at: 16 * n }));
  const before = [
    ".text",
    `.globl ${symbol}`,
    `${symbol}:`,
    "  pushfl",
    "  pushl %eax",
    "  pushl %ecx",
    "  pushl %edx",
    "  subl $0x60, %esp",
    ...vector.map(({ name, at }) => `  movups %${name}, ${at}(%esp)`),
  ];
  const after = [
    ...vector.map(({ name, at }) => `  movups ${at}(%esp), %${name}`),
    "  addl $0x60, %esp",
    "  popl %edx",
    "  popl %ecx",
    "  popl %eax",
    "  popfl",
  ];
  return { before, after };
}

/**
 * Assembly for `vmmc_stub_ID` that tells the trace of a call and jumps on. The trace gets the addresses of the saved
 * registers and of the return address, above which the arguments on the stack are.
 */
export function tracedJump(id: string, arch: Arch): string[] {
  const save =
    arch === "x64" ? x64Saving(`vmmc_stub_${id}`) : ia32Saving(`${TARGETS.ia32.symbolPrefix}vmmc_stub_${id}`);
  const p = TARGETS[arch].symbolPrefix;
  return arch === "x64"
    ? [
        ...save.before,
        `  leaq vmmc_function_${id}(%rip), %rcx`,
        "  movq %rsp, %rdx",
        "  leaq 0xc8(%rsp), %r8",
        "  call vmmc_trace_jump",
        ...save.after,
        `  jmp *vmmc_target_${id}(%rip)`,
        ".seh_endproc",
      ]
    : [
        ...save.before,
        "  leal 0x70(%esp), %eax",
        "  pushl %eax",
        "  leal 4(%esp), %eax",
        "  pushl %eax",
        `  pushl $${p}vmmc_function_${id}`,
        `  call ${p}vmmc_trace_jump`,
        "  addl $12, %esp",
        ...save.after,
        `  jmp *${p}vmmc_target_${id}`,
      ];
}
