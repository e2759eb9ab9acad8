/** The report's style: one column, readable from the width of a phone on; light or dark as the reader's system is. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --panel: #f6f8fa;
  --kernel: #b35900; --user: #0550ae; --bare: #59636e; --warn: #fff1e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --panel: #151b23;
    --kernel: #f0883e; --user: #58a6ff; --bare: #9198a1; --warn: #3d2511;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 20px; max-width: 800px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .3rem; }
p { margin: .3rem 0 .8rem; }
.quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.warn { background: var(--warn); border: 1px solid var(--kernel); border-radius: 6px; padding: .6rem .8rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 1.2rem 0; }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: .85rem; color: var(--quiet); }
figure { margin: .6rem 0 0; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; padding: 0; list-style: none; font-size: .9rem; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend svg { width: 28px; height: 10px; flex: none; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.tick { fill: var(--quiet); }
.axis { fill: var(--text); }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line.kernel { stroke: var(--kernel); stroke-dasharray: 7 4; }
.line.user { stroke: var(--user); }
.line.bare { stroke: var(--bare); stroke-dasharray: 2 4; }
.dot { stroke: var(--page); stroke-width: 1; }
.dot.kernel { fill: var(--kernel); }
.dot.user { fill: var(--user); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: 4px 8px; text-align: right; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { font-weight: 600; vertical-align: bottom; }
td:not(:first-child) { white-space: nowrap; }
code { font-size: .9em; overflow-wrap: anywhere; }
@media (max-width: 600px) {
  body { padding: 16px 20px; }
  svg.wide { display: none; }
  svg.narrow { display: block; }
  table { font-size: .82rem; }
  th, td { padding: 4px 5px; }
}
@media print { body { max-width: none; } figure, .tile { break-inside: avoid; } }
`;
