import { declareFunction, parameterNames, toCore } from "./emit-c.js";
import { agreement, target } from "./emit-kernel.js";
import { typeName } from "./layouts.js";
import type { Stub, WrapperModel } from "./model.js";
import { TARGETS } from "./targets.js";
import { untypedStub } from "./thunks.js";

/**
 * Writes stubs.c: the code behind every export. It is included after kernel.h, in the same translation unit; the
 * prelude defines `VMMC_CALL(name, ...)`, which calls the core's function of that name.
 */
export function emitStubs(model: WrapperModel): string {
  // No headers here: kernel.h has them, and not all headers can be included twice.
  const head = `/* Generated from ${model.dll} (${model.arch}) and its headers: one stub per export. Do not edit. */`;
  return `${[head, ...model.stubs.map((stub) => emitStub(stub, model))].join("\n\n")}\n`;
}

function emitStub(stub: Stub, model: WrapperModel): string {
  const title = `/* ${stub.exportName ?? "no name"} @${stub.ordinal}, ${stub.mode}${originOf(stub)} */`;
  if (stub.mode === "untyped") {
    return `${title}\n${untypedStub(stub.id, model.arch)}`;
  }
  const { prototype, returns, parameters } = stub.signature!;
  const names = parameterNames(prototype);
  const head = declareFunction(prototype, `vmmc_stub_${stub.id}`);
  let call: string;
  if (stub.mode === "intercepted") {
    const values = names.map((name, n) => toCore(name, parameters[n]!, model.arch));
    const core = `VMMC_CALL(${[prototype.name, ...values].join(", ")})`;
    call = returns.kind === "void" ? `${core};` : `return (${typeName(prototype.returns)})${core};`;
  } else {
    const original = `${target(stub.target!)}(${names.join(", ")})`;
    call = returns.kind === "void" ? `${original};` : `return ${original};`;
  }
  // The assembler's name is given outright: so it is free of stdcall decoration, and the .def is the same for all targets.
  return [
    title,
    `${head} __asm__("${TARGETS[model.arch].symbolPrefix}vmmc_stub_${stub.id}");`,
    `${head} {\n  ${call}\n}`,
    agreement(`vmmc_stub_${stub.id}`, prototype.name),
  ].join("\n");
}

function originOf(stub: Stub): string {
  return stub.target ? ` from ${stub.target.library.dll}` : "";
}
