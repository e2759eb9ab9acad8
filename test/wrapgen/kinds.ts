/*
 * Functions with 0 to 12 parameters of all sizes, in three conventions: a header, a library and a caller, generated,
 * because nobody would write them by hand without a mistake.
 */

/** A parameter's type, a value for it, and how the library turns it into a number. */
const types: readonly { type: string; value: (n: number) => string; number: (name: string) => string }[] = [
  { type: "int", value: (n) => `${-n - 1}`, number: (name) => name },
  { type: "double", value: (n) => `${n}.5`, number: (name) => name },
  { type: "long long", value: (n) => `${n + 1}LL << 32`, number: (name) => `(double)(${name} >> 32)` },
  { type: "float", value: (n) => `${n}.25f`, number: (name) => name },
  { type: "unsigned short", value: (n) => `${65535 - n}`, number: (name) => name },
  { type: "struct small", value: (n) => `(struct small){ ${n}, ${-n} }`, number: (name) => `(${name}.a + ${name}.b)` },
  { type: "const char *", value: (n) => `"${"x".repeat(n)}"`, number: (name) => `(double)strlen(${name})` },
  {
    type: "struct large",
    value: (n) => `(struct large){ { ${n}, 1, 2, 3, 4 }, ${n} }`,
    number: (name) => `(${name}.numbers[0] + ${name}.numbers[4] + ${name}.last)`,
  },
];

const returns = ["double", "long long", "float", "int"];
const conventions = ["__cdecl", "__stdcall", "__fastcall"];
const counts = [...Array(13).keys()];

interface Sample {
  name: string;
  head: string;
  body: string;
  call: string;
}

const samples: Sample[] = conventions.flatMap((convention, c) =>
  counts.map((count) => {
    const name = `k${convention}_${count}`;
    const chosen = [...Array(count).keys()].map((n) => types[(n * 3 + c + count) % types.length]!);
    const result = returns[(count + c) % returns.length]!;
    const parameters = chosen.map(({ type }, n) => `${type} p${n}`).join(", ") || "void";
    const sum = chosen.map(({ number }, n) => `${n + 1} * ${number(`p${n}`)}`).join(" + ") || "42";
    const values = chosen.map(({ value }, n) => value(n)).join(", ");
    return {
      name,
      head: `${result} ${convention} ${name}(${parameters});`,
      body: `${result} ${convention} ${name}(${parameters}) { return (${result})(${sum}); }`,
      call: `  printf("${name} %g\\n", (double)${name}(${values}));`,
    };
  }),
);

/** kinds.h: what the library declares. */
export const kindsHeader = [
  "#ifndef KINDS_H\n#define KINDS_H",
  '#include "special.h"',
  ...samples.map(({ head }) => head),
  "#endif",
  "",
].join("\n");

/** counts.c, a part of the library. */
export const countsSource = ['#include "kinds.h"', "#include <string.h>", ...samples.map(({ body }) => body), ""].join(
  "\n",
);

/** A part of the caller: `all_counts`, which calls all of them. */
export const countsCaller = [
  '#include "kinds.h"',
  "#include <stdio.h>",
  "void all_counts(void) {",
  ...samples.map(({ call }) => call),
  "}",
  "",
].join("\n");

/** How many functions there are. */
export const sampleCount = samples.length;
