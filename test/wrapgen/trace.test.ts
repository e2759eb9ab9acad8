import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseCall, parseHead, type TracedCall } from "../../cli/trace-lines.js";
import { availableArches, runProgram, startWineServer, toWindowsPath } from "../../testbed/wine.js";
import { defaultConfig } from "../../wrapgen/config.js";
import { findDll } from "../../wrapgen/io.js";
import { wrap } from "../../wrapgen/wrap.js";
import { compile, sources } from "./build.js";

/* What a trace tells of calls of a system DLL, and what is left of it when things go wrong. */

const folder = mkdtempSync(join(tmpdir(), "vmmc-traced-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

for (const arch of await availableArches()) {
  describe(`trace of a sockets program for ${arch}`, () => {
    const place = join(folder, arch);
    const native = ["ws2_32"];
    const run = (argument: string, env: Record<string, string> = {}) =>
      runProgram(join(place, "traced.exe"), [argument], { native, env, timeoutMs: 30_000 });

    before(async () => {
      const { dll } = await wrap({
        config: {
          ...defaultConfig(findDll("ws2_32.dll", arch)),
          headers: ["winsock2.h", "ws2tcpip.h"],
          modes: [{ pattern: "*", mode: "trace" }],
          symbols: { "WSAStartup.wVersionRequested": "no_such_prefix_" },
        },
        arch,
        outDir: join(place, "wrapped"),
        sources: [],
        libraries: [],
        build: true,
      });
      mkdirSync(place, { recursive: true });
      copyFileSync(dll!, join(place, "ws2_32.dll"));
      compile(arch, ["-o", join(place, "traced.exe"), join(sources, "traced.c"), "-lws2_32"]);
    });

    /** All calls in a file; every line must be one. */
    function calls(file: string): TracedCall[] {
      const [head, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
      assert.equal(parseHead(head!)?.dll, "ws2_32.dll");
      return lines.map((line) => parseCall(line) ?? assert.fail(`no call: ${line}`));
    }

    it("addresses, sets, flags and errors by name, bytes and results", async () => {
      const file = join(place, "own.trace");
      const { code, stdout } = await run("calls", { VMMC_TRACE: toWindowsPath(file) });
      assert.deepEqual([code, stdout], [0, "done\n"]);
      const seen = calls(file);
      const has = (name: string, args: RegExp, result: RegExp, error?: string) =>
        assert.ok(
          seen.some(
            (c) => c.function === name && args.test(c.arguments) && result.test(c.result!) && c.error === error,
          ),
          `${name} ${args}:\n${seen.map((c) => JSON.stringify(c)).join("\n")}`,
        );
      has("socket", /^af=AF_INET type=SOCK_STREAM protocol=IPPROTO_\w+$/, /^0x[0-9a-f]+$/);
      has("bind", /^s=0x[0-9a-f]+ name=127\.0\.0\.1:0 namelen=16$/, /^0$/);
      has("getsockname", /name->127\.0\.0\.1:\d+ namelen->&0x10$/, /^0$/);
      has("inet_addr", /^cp="127\.0\.0\.1"$/, /^0x100007f$/);
      has("connect", /name=127\.0\.0\.1:\d+/, /^0$/);
      has("send", / buf="a\\nb\\x00" len=4 flags=0$/, /^4$/);
      has("select", /readfds=\{0x[0-9a-f]+ 0x[0-9a-f]+\} writefds=NULL .*readfds->\{0x[0-9a-f]+\}/, /^1$/);
      has("recv", / flags=MSG_PEEK buf->"a\\nb\\x00"$/, /^4$/);
      has("recv", / flags=MSG_PEEK\|MSG_DONTROUTE|MSG_DONTROUTE\|MSG_PEEK/, /^4$/);
      has("setsockopt", /level=SOL_SOCKET optname=SO_REUSEADDR/, /^0$/);
      has("send", /buf=0x1 len=4/, /^-1$/, "10014 WSAEFAULT");
      assert.ok(seen.every(({ time, microseconds }) => time.endsWith("Z") && (microseconds ?? 0) >= 0));
    });

    it("of a program that crashes holds every call that returned, beside the wrapper", async () => {
      const file = join(place, "ws2_32.dll.trace");
      assert.equal(existsSync(file), false);
      const { code, stdout } = await run("crash");
      assert.notEqual(code, 0);
      assert.equal(stdout, "1000 calls\n");
      assert.equal(calls(file).filter((call) => call.function === "htons").length, 1000);
    });

    it("of two processes at once is two files", async () => {
      const file = join(place, "shared.trace");
      const results = await Promise.all([1, 2, 3].map(() => run("threads", { VMMC_TRACE: toWindowsPath(file) })));
      for (const { stdout } of results) assert.equal(stdout, "done\n");
      const files = readdirSync(place).filter((name) => name.startsWith("shared.trace"));
      const lines = files.flatMap((name) =>
        readFileSync(join(place, name), "utf8")
          .trimEnd()
          .split("\n")
          .filter((line) => !line.startsWith("#")),
      );
      for (const line of lines) assert.ok(parseCall(line), line);
      assert.equal(lines.filter((line) => line.includes("\thtonl\t")).length, 3 * 4 * 200);
    });

    it("that cannot be written keeps nobody from calling", async () => {
      const { code, stdout } = await run("calls", { VMMC_TRACE: "Z:\\no such folder\\file" });
      assert.deepEqual([code, stdout], [0, "done\n"]);
    });
  });
}
