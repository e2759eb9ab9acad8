/** What is wrong with the rules of a VMMC_RULES, as the wrapper reads them (core/sockets/rules.ts); nothing: an empty list. */
export function ruleProblems(text: string): string[] {
  if (Buffer.byteLength(text) >= textLimit) return [`they are longer than ${textLimit - 1} bytes: none of them counts`];
  return text.split(";").flatMap((rule) => {
    const words = rule.split(/[ \t]+/).filter((word) => word !== "");
    const wrong = words.length === 0 ? undefined : problemOf(words);
    return wrong === undefined ? [] : [`"${words.join(" ")}" is left out: ${wrong}`];
  });
}

/** As much as the wrapper has room for, with the zero at the end. */
const textLimit = 4096;

const conditions: Readonly<Record<string, (value: string) => string | undefined>> = {
  port: (value) => {
    const [from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(value)?.slice(1).filter(Boolean).map(Number) ?? [];
    const fits = from !== undefined && from <= to! && to! <= 65535;
    return fits ? undefined : `${value} is no port, and no two with a hyphen between them`;
  },
  address: (value) => {
    const [, parts, bits = "32"] = /^(\d+(?:\.\d+){3})(?:\/(\d+))?$/.exec(value) ?? [];
    const fits = parts?.split(".").every((part) => Number(part) <= 255) && Number(bits) <= 32;
    return fits ? undefined : `${value} is no address like 127.0.0.1 or 10.0.0.0/8`;
  },
  program: () => undefined,
};

function problemOf([decision, ...rest]: readonly string[]): string | undefined {
  if (!/^(?:kernel|user-level)$/i.test(decision!)) return "a rule begins with kernel or user-level";
  for (let at = 0; at < rest.length; at += 2) {
    const [name, value] = [rest[at]!.toLowerCase(), rest[at + 1]];
    const check = Object.hasOwn(conditions, name) ? conditions[name] : undefined;
    if (check === undefined) return `${name} is none of ${Object.keys(conditions).join(", ")}`;
    if (value === undefined) return `nothing stands behind ${name}`;
    const wrong = check(value);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
