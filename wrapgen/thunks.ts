import { type Arch, TARGETS } from "./targets.js";

/*
 * A stub for a function of unknown prototype jumps through a pointer and touches nothing else. The pointer first leads to
 * code that saves every register in which an argument may be, finds the function, and restores them. Registers that a
 * called function must preserve need no saving here: the resolver preserves them.
 */

/** File-level assembly for `vmmc_stub_ID` and `vmmc_first_ID`. */
export function untypedStub(id: string, arch: Arch): string {
  const lines = arch === "x64" ? x64(id) : ia32(id);
  return `__asm__(\n${lines.map((line) => `  "${line}\\n"`).join("\n")}\n);`;
}

/**
 * Stack of the slow path on x64, after the frame was made (from the stack pointer up):
 *
 *   0x00  home space of the resolver's arguments (32 bytes)
 *   0x20  rax rcx rdx r8 r9 r10 r11
 *   0x60  xmm0 .. xmm5
 *   0xc8  return address (so that the stack pointer is a multiple of 16)
 */
function x64(id: string): string[] {
  const general = ["rax", "rcx", "rdx", "r8", "r9", "r10", "r11"].map((name, n) => ({ name, at: 0x20 + 8 * n }));
  const vector = [0, 1, 2, 3, 4, 5].map((n) => ({ name: `xmm${n}`, at: 0x60 + 16 * n }));
  const slot = (at: number) => `0x${at.toString(16)}(%rsp)`;
  return [
    ".text",
    `.globl vmmc_stub_${id}`,
    `vmmc_stub_${id}:`,
    `  jmp *vmmc_target_${id}(%rip)`,
    `.globl vmmc_first_${id}`,
    `.seh_proc vmmc_first_${id}`,
    `vmmc_first_${id}:`,
    "  subq $0xc8, %rsp",
    "  .seh_stackalloc 0xc8",
    "  .seh_endprologue",
    ...general.map(({ name, at }) => `  movq %${name}, ${slot(at)}`),
    ...vector.map(({ name, at }) => `  movaps %${name}, ${slot(at)}`),
    `  leaq vmmc_import_${id}(%rip), %rcx`,
    "  call vmmc_resolve_or_raise",
    `  movq %rax, vmmc_target_${id}(%rip)`,
    ...vector.map(({ name, at }) => `  movaps ${slot(at)}, %${name}`),
    ...general.map(({ name, at }) => `  movq ${slot(at)}, %${name}`),
    "  addq $0xc8, %rsp",
    `  jmp *vmmc_target_${id}(%rip)`,
    ".seh_endproc",
  ];
}

/** On ia32 arguments are on the stack, and in eax, ecx, edx and xmm0 to xmm5 for some conventions. */
function ia32(id: string): string[] {
  const p = TARGETS.ia32.symbolPrefix;
  const vector = [0, 1, 2, 3, 4, 5].map((n) => ({ name: `xmm${n}`, at: 16 * n }));
  return [
    ".text",
    `.globl ${p}vmmc_stub_${id}`,
    `${p}vmmc_stub_${id}:`,
    `  jmp *${p}vmmc_target_${id}`,
    `.globl ${p}vmmc_first_${id}`,
    `${p}vmmc_first_${id}:`,
    "  pushl %eax",
    "  pushl %ecx",
    "  pushl %edx",
    "  subl $0x60, %esp",
    ...vector.map(({ name, at }) => `  movups %${name}, ${at}(%esp)`),
    `  pushl $${p}vmmc_import_${id}`,
    `  call ${p}vmmc_resolve_or_raise`,
    `  movl %eax, ${p}vmmc_target_${id}`,
    "  addl $4, %esp",
    ...vector.map(({ name, at }) => `  movups ${at}(%esp), %${name}`),
    "  addl $0x60, %esp",
    "  popl %edx",
    "  popl %ecx",
    "  popl %eax",
    `  jmp *${p}vmmc_target_${id}`,
  ];
}
