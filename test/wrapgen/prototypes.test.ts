import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { blankAttributes, conventionIn } from "../../wrapgen/attributes.js";
import { declareFunction } from "../../wrapgen/emit-c.js";
import { loadConfig } from "../../wrapgen/generate.js";
import { cParser } from "../../wrapgen/headers.js";
import { grammarBytes, preprocess } from "../../wrapgen/io.js";
import { type HeaderIndex, indexHeaders } from "../../wrapgen/prototypes.js";
import { ARCHES } from "../../wrapgen/targets.js";

const parseC = await cParser(grammarBytes);
const config = loadConfig(join(repositoryRoot, "wrapper", "wsock32.json"));

function shown(headers: HeaderIndex, name: string): string | undefined {
  const prototype = headers.prototype(name);
  return prototype && declareFunction(prototype, name);
}

describe("prototypes in C text", () => {
  const read = (text: string) => indexHeaders(text, parseC);

  const cases: [name: string, text: string, expected: string | undefined][] = [
    ["plain", "int f(int a, char *b);", "int f(int a, char *b)"],
    ["without parameter names", "int f(int, char *, void (*)(int));", "int f(int arg0, char *arg1, void (*arg2)(int))"],
    ["without parameters", "extern int f(void);", "int f(void)"],
    ["without prototype", "int f();", undefined],
    [
      "of a pointer, convention after the star",
      "char *__attribute__((__stdcall__)) f(int a);",
      "char *__attribute__((stdcall)) f(int a)",
    ],
    [
      "imported",
      "__attribute__((dllimport)) long __attribute__((stdcall)) f(long);",
      "long __attribute__((stdcall)) f(long arg0)",
    ],
    ["with a keyword convention", "int __fastcall f(int a);", "int __attribute__((fastcall)) f(int a)"],
    [
      "arrays become pointers",
      "int f(char a[], int b[2][3], const char *c[]);",
      "int f(char *a, int (*b)[3], const char **c)",
    ],
    ["unnamed arrays, too", "int f(char [8]);", "int f(char *arg0)"],
    ["functions become pointers", "int f(int g(long));", "int f(int (*g)(long))"],
    [
      "a callback keeps its convention",
      "int f(int (__attribute__((stdcall)) *g)(long));",
      "int f(int (__attribute__((stdcall)) *g)(long))",
    ],
    ["returning a function pointer", "void (*f(int s, void (*g)(int)))(int);", "void (*f(int s, void (*g)(int)))(int)"],
    ["several in one declaration", "int f(int), *g(long);", "int f(int arg0)"],
    ["struct by value", "struct in_addr; char *f(struct in_addr in);", "char *f(struct in_addr in)"],
    ["defined in the header", "static __inline__ int f(int a) { return a; }", "int f(int a)"],
    ["in extern C", 'extern "C" { int f(int a); }', "int f(int a)"],
    ["names that the generator uses", "int f(void *os, int target);", "int f(void *os_, int target_)"],
    ["not a call in a function's body", "int g(void) { int f(int); return f(1); }", undefined],
  ];
  for (const [title, text, expected] of cases) {
    it(title, () => assert.equal(shown(read(text), "f"), expected));
  }

  it("a variable number of arguments is noticed", () => {
    assert.equal(read("int f(const char *s, ...);").prototype("f")?.variadic, true);
    assert.equal(read("int f(const char *s);").prototype("f")?.variadic, false);
  });

  it("the second declarator has its own pointers", () => {
    assert.equal(shown(read("int f(int), *g(long);"), "g"), "int *g(long arg0)");
  });

  it("broken text gives what can be read and no exception", () => {
    const text = "int f(int a); } ) struct { int (( ; int h(int); __attribute__((";
    assert.equal(shown(read(text), "f"), "int f(int a)");
    for (let length = 0; length < text.length; length++) read(text.slice(0, length));
  });
});

describe("records in C text", () => {
  const read = (text: string, name: string) => indexHeaders(text, parseC).record(name);

  it("are found by tag and by typedef", () => {
    const text = "typedef struct tag { int a; char *b; } name, *pointer; union u { int x; };";
    assert.deepEqual(read(text, "tag"), { spelling: "struct tag", fields: ["a", "b"] });
    assert.deepEqual(read(text, "name"), { spelling: "name", fields: ["a", "b"] });
    assert.deepEqual(read(text, "u"), { spelling: "union u", fields: ["x"] });
    assert.equal(read(text, "pointer"), undefined);
  });

  it("give the fields of anonymous members, and leave out bit-fields", () => {
    const text =
      "struct s { int a[4], *b; union { int c; struct { int d, e; }; }; unsigned f : 3; void (*g)(int h); struct { int i; } j; };";
    assert.deepEqual(read(text, "s")?.fields, ["a", "b", "c", "d", "e", "g", "j"]);
  });
});

describe("attributes", () => {
  it("are blanked out without moving anything else", () => {
    const text = 'int __attribute__((a("("), b)) f(void)\n__attribute__((c));';
    const { text: blanked, attributes } = blankAttributes(text);
    assert.equal(blanked.length, text.length);
    assert.equal(blanked.replace(/ +/g, " "), "int f(void)\n ;");
    assert.deepEqual(
      attributes.map(({ start, end }) => text.slice(start, end)),
      ['__attribute__((a("("), b))', "__attribute__((c))"],
    );
  });

  it("name conventions in any spelling", () => {
    assert.equal(conventionIn("__attribute__((__stdcall__))"), "stdcall");
    assert.equal(conventionIn("__attribute__((stdcall, dllimport))"), "stdcall");
    assert.equal(conventionIn("__cdecl"), "cdecl");
    assert.equal(conventionIn("__attribute__((dllimport))"), undefined);
  });
});

for (const arch of ARCHES) {
  describe(`WinSock's prototypes for ${arch}`, () => {
    const convention = arch === "ia32" ? "__attribute__((stdcall)) " : "";
    let headers: HeaderIndex;
    before(() => {
      headers = indexHeaders(preprocess(config, arch).text, parseC);
    });

    const expected: Record<string, string> = {
      socket: "SOCKET C(int af, int type, int protocol)",
      closesocket: "int C(SOCKET s)",
      bind: "int C(SOCKET s, const struct sockaddr *name, int namelen)",
      listen: "int C(SOCKET s, int backlog)",
      accept: "SOCKET C(SOCKET s, struct sockaddr *addr, int *addrlen)",
      connect: "int C(SOCKET s, const struct sockaddr *name, int namelen)",
      send: "int C(SOCKET s, const char *buf, int len, int flags)",
      sendto: "int C(SOCKET s, const char *buf, int len, int flags, const struct sockaddr *to, int tolen)",
      recv: "int C(SOCKET s, char *buf, int len, int flags)",
      recvfrom: "int C(SOCKET s, char *buf, int len, int flags, struct sockaddr *from, int *fromlen)",
      select: "int C(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const PTIMEVAL timeout)",
      ioctlsocket: "int C(SOCKET s, long cmd, u_long *argp)",
      shutdown: "int C(SOCKET s, int how)",
      getsockopt: "int C(SOCKET s, int level, int optname, char *optval, int *optlen)",
      setsockopt: "int C(SOCKET s, int level, int optname, const char *optval, int optlen)",
      WSAAsyncSelect: "int C(SOCKET s, HWND hWnd, u_int wMsg, long lEvent)",
      inet_ntoa: "char *C(struct in_addr in)",
      gethostbyname: "struct hostent *C(const char *name)",
      __WSAFDIsSet: "int C(SOCKET arg0, fd_set *arg1)",
      WSAGetLastError: "int C(void)",
      WSASetLastError: "void C(int iError)",
    };
    for (const [name, prototype] of Object.entries(expected)) {
      it(name, () => assert.equal(shown(headers, name), prototype.replace("C(", `${convention}${name}(`)));
    }

    it("every intercepted function has one", () => {
      assert.deepEqual(
        config.intercept.filter((name) => headers.prototype(name) === undefined),
        [],
      );
    });
  });
}
