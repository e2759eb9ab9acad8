import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { WrapgenError } from "../../wrapgen/errors.js";
import { generateBindings, loadConfig, type WrapperConfig } from "../../wrapgen/generate.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-bindings-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const config = loadConfig(join(repositoryRoot, "wrapper", "wsock32.json"));
const bindings = join(folder, "winsock.ts");

/** The part of WebAssembly's JavaScript interface that is used here; its types come with browsers' only. */
const { WebAssembly: Wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: { new (bytes: Uint8Array): object; imports(module: object): object[] };
    Instance: new (module: object, imports: object) => { exports: unknown };
  };
};

/** The part of AssemblyScript's compiler that is used here. */
interface Asc {
  main(
    args: string[],
    options: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

/** Compiles AssemblyScript that may import "./winsock"; gives the module's bytes. */
async function compileCore(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const asc = (await import(
    pathToFileURL(join(repositoryRoot, "node_modules/assemblyscript/dist/asc.js")).href
  )) as Asc;
  const files: Record<string, string> = { "core.ts": source, "winsock.ts": readFileSync(bindings, "utf8") };
  let output: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(["core.ts", "--runtime", "stub", "-O3", "-o", "core.wasm"], {
    readFile: (name) => files[name] ?? null,
    writeFile: (_name, contents) => {
      output = Uint8Array.from(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  assert.equal(error, null, stderr.toString());
  return output!;
}

describe("AssemblyScript bindings", () => {
  before(async () => {
    assert.equal(await generateBindings(config, bindings), true);
  });

  it("declare functions with the core's types", () => {
    const text = readFileSync(bindings, "utf8");
    for (const line of [
      '@external("os", "send")\nexport declare function send(s: usize, buf: usize, len: i32, flags: i32): i32;',
      '@external("os", "accept")\nexport declare function accept(s: usize, addr: usize, addrlen: usize): usize;',
      "export declare function WSAAsyncSelect(s: usize, hWnd: usize, wMsg: u32, lEvent: i32): i32;",
      "export declare function WSASetLastError(iError: i32): void;",
      "export declare function socket(af: i32, type_: i32, protocol: i32): usize;",
    ]) {
      assert.ok(text.includes(line), `no ${line}`);
    }
  });

  it("give layouts and constants as the compiler knows them, differing where the targets do", () => {
    const text = readFileSync(bindings, "utf8");
    for (const line of [
      "fd_set_size: usize = sizeof<usize>() == 8 ? 520 : 260;",
      "fd_set_fd_array_offset: usize = sizeof<usize>() == 8 ? 8 : 4;",
      "sockaddr_in_sin_addr_offset: usize = 4;",
      "timeval_size: usize = 8;",
      "WSAEWOULDBLOCK: i32 = 10035;",
      "SO_DONTLINGER: i32 = -129;",
      "FIONBIO: u32 = 0x8004667e;",
      "INVALID_SOCKET: usize = ~0;",
      "SOCKET_ERROR: i32 = -1;",
    ]) {
      assert.ok(text.includes(`export const ${line}\n`), `no ${line}`);
    }
  });

  it("compile, cost nothing when unused, and leave no data, tables or globals behind", async () => {
    const bytes = await compileCore(`
      import * as os from "./winsock";
      export function size(): usize { return os.fd_set_size + os.fd_set_fd_array_offset; }
      export function isInvalid(s: usize): bool { return s == os.INVALID_SOCKET; }
      export function blocked(): bool { return os.WSAGetLastError() == os.WSAEWOULDBLOCK; }
      export function nonblocking(command: i32): bool { return command == os.FIONBIO; }`);
    const module = new Wasm.Module(bytes);
    assert.deepEqual(Wasm.Module.imports(module), [{ module: "os", name: "WSAGetLastError", kind: "function" }]);
    const sections = new Set<number>();
    for (let at = 8; at < bytes.length; ) {
      sections.add(bytes[at++]!);
      let size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        size |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      at += size;
    }
    const [table, global, element, data] = [4, 6, 9, 11];
    for (const section of [table, global, element, data]) assert.ok(!sections.has(section!), `section ${section}`);
    const exports = new Wasm.Instance(module, { os: { WSAGetLastError: () => 10035 } }).exports as Record<
      string,
      (n?: number) => number
    >;
    assert.equal(exports.size!(), 264);
    assert.equal(exports.isInvalid!(-1), 1);
    assert.equal(exports.isInvalid!(5), 0);
    assert.equal(exports.blocked!(), 1);
    assert.equal(exports.nonblocking!(0x8004667e), 1);
  });

  it("are not written again while they stay the same", async () => {
    const time = statSync(bindings).mtimeMs;
    assert.equal(await generateBindings(config, bindings), false);
    assert.equal(await generateBindings({ ...config, intercept: [] }, bindings), true);
    assert.equal(statSync(bindings).mtimeMs, time);
    writeFileSync(`${bindings}.wrapgen.json`, "{");
    assert.equal(await generateBindings(config, bindings), true, "a damaged stamp counts as none");
  });

  it("for what the headers do not have are refused, naming it", async () => {
    const cases: [Partial<WrapperConfig["bindings"]>, RegExp][] = [
      [{ constants: ["NO_SUCH_CONSTANT"] }, /NO_SUCH_CONSTANT/],
      [{ structs: ["no_such_struct"] }, /The headers define no struct "no_such_struct"/],
      [{ functions: ["no_such_function"] }, /"no_such_function" cannot be called by the core: the headers/],
    ];
    for (const [changes, message] of cases) {
      const wrong = { ...config, bindings: { ...config.bindings, ...changes } };
      await assert.rejects(
        generateBindings(wrong, join(folder, "wrong.ts")),
        (error) => error instanceof WrapgenError && message.test(error.message),
      );
    }
  });

  it("for headers that do not exist are refused, naming them", async () => {
    await assert.rejects(
      generateBindings({ ...config, headers: ["no-such-header.h"] }, join(folder, "wrong.ts")),
      (error) =>
        error instanceof WrapgenError && /failed to preprocess no-such-header\.h: .*No such file/.test(error.message),
    );
  });
});
