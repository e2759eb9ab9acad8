import { agreement, declareFunction, parameterNames, stubDeclaration, toCore } from "./emit-c.js";
import { target } from "./emit-kernel.js";
import { tracingStub } from "./emit-trace.js";
import { typeName } from "./layouts.js";
import type { Stub, WrapperModel } from "./model.js";
import type { Prototype } from "./prototypes.js";
import type { Signature } from "./signatures.js";
import type { Arch } from "./targets.js";
import { untypedStub } from "./thunks.js";

/**
 * Writes stubs.c: the code behind every export. It is included after kernel.h, in the same translation unit; the
 * prelude defines `VMMC_CALL(name, ...)`, which calls the core's function of that name.
 */
export function emitStubs(model: WrapperModel): string {
  // No headers here: kernel.h has them, and not all headers can be included twice.
  const head = `/* Generated from ${model.dll} (${model.arch}) and its headers: one stub per export. Do not edit. */`;
  const redirects = model.redirects.map(({ id, signature, library }) => {
    return `/* ${id} of ${library.dll}, redirected: core */\n${coreStub(id, signature, model.arch)}`;
  });
  return `${[head, ...model.stubs.map((stub) => emitStub(stub, model)), ...redirects].join("\n\n")}\n`;
}

function emitStub(stub: Stub, model: WrapperModel): string {
  const title = `/* ${stub.names.join(", ") || "no name"} @${stub.ordinal}: ${stub.mode}${leadsTo(stub)} */`;
  switch (stub.mode) {
    case "forward":
      return title;
    case "core":
      return `${title}\n${coreStub(stub.id, stub.signature!, model.arch)}`;
    case "intercept":
      return `${title}\n${untypedStub(stub.id, `real_${stub.id}`, model.arch)}`;
    case "jump":
      return `${title}\n${untypedStub(stub.id, `vmmc_stub_${stub.id}`, model.arch)}`;
    case "pass":
      return `${title}\n${passingStub(stub, model.arch)}`;
    case "trace":
      return `${title}\n${tracingStub(stub, model.arch)}`;
  }
}

function coreStub(id: string, { prototype, returns, parameters }: Signature, arch: Arch): string {
  const values = parameterNames(prototype).map((name, n) => toCore(name, parameters[n]!, arch));
  const core = `VMMC_CALL(${[prototype.name, ...values].join(", ")})`;
  const call = returns.kind === "void" ? `${core};` : `return (${typeName(prototype.returns)})${core};`;
  return typedStub(id, prototype, arch, [call]);
}

function passingStub({ id, target: to }: Stub, arch: Arch): string {
  const { prototype, returns } = to!.signature!;
  const original = `${target(to!)}(${parameterNames(prototype).join(", ")})`;
  return typedStub(id, prototype, arch, [returns.kind === "void" ? `${original};` : `return ${original};`]);
}

/** A function `vmmc_stub_ID` with this body. */
export function typedStub(id: string, prototype: Prototype, arch: Arch, body: string[]): string {
  return [
    stubDeclaration(id, prototype, arch),
    `${declareFunction(prototype, `vmmc_stub_${id}`)} {\n${body.map((line) => `  ${line}`).join("\n")}\n}`,
    agreement(`vmmc_stub_${id}`, prototype.name),
  ].join("\n");
}

function leadsTo(stub: Stub): string {
  return stub.forwarder !== undefined ? ` to ${stub.forwarder}` : stub.target ? ` from ${stub.target.library.dll}` : "";
}
