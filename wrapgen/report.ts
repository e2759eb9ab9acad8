import type { Stub, WrapperModel } from "./model.js";

/** How the exports of a wrapper came out, for people: a line for each, then totals. */
export function report(model: WrapperModel): string {
  const rows = model.stubs.map((stub) => [
    `@${stub.ordinal}`,
    stub.names.join(", ") || "(no name)",
    modeName(stub),
    prototypeRemark(stub),
  ]);
  const widths = [0, 1, 2].map((column) => Math.min(40, Math.max(0, ...rows.map((row) => row[column]!.length))));
  const lines = rows.map((row) =>
    row
      .map((text, n) => (n < 3 ? text.padEnd(widths[n]!) : text))
      .join("  ")
      .trimEnd(),
  );
  return `${[`Wrapper of ${model.dll} for ${model.arch}`, "", ...lines, "", ...totals(model)].join("\n")}\n`;
}

/** To its user it is all one whose code is called. */
function modeName({ mode }: Stub): string {
  return mode === "core" ? "intercept" : mode;
}

function prototypeRemark({ finding, kind, mode, forwarder }: Stub): string {
  const leads = mode === "forward" ? `${kind === "data" ? "data, " : ""}to ${forwarder}` : "";
  if (finding === undefined) {
    return mode === "core" ? "prototype found" : leads;
  }
  const { status, where, note, prototype } = finding;
  const texts: Record<typeof status, string> = {
    found: `prototype found: ${where}`,
    ambiguous: `prototype ambiguous: chose ${where}, there is also ${note}`,
    unusable: `prototype unusable: ${where}: ${note}`,
    "not found": "prototype not found",
  };
  const variadic = prototype?.variadic ? ", takes any number of arguments" : "";
  return [leads, `${texts[status]}${variadic}`].filter((text) => text !== "").join("; ");
}

/** Sums by mode and by what was found, in a few lines. */
export function totals(model: WrapperModel): string[] {
  const { stubs } = model;
  const count = <Key extends string>(keys: Key[]) => {
    const sums = new Map<Key, number>();
    for (const key of keys) sums.set(key, (sums.get(key) ?? 0) + 1);
    return [...sums].map(([key, sum]) => `${sum} ${key}`).join(", ");
  };
  const statuses = stubs.flatMap(({ finding }) => (finding ? [finding.status] : []));
  const withData = stubs.filter(({ kind }) => kind === "data").length;
  return [
    `${stubs.length} exports: ${count(stubs.map(modeName)) || "none"}${withData > 0 ? ` (${withData} data)` : ""}`,
    ...(model.headers.length > 0 && statuses.length > 0 ? [`Prototypes: ${count(statuses)}`] : []),
  ];
}
