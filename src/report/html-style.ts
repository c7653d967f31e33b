// The style sheet of the HTML report: light and dark, narrow and wide, and on paper. Text only.

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #17202c; --quiet: #5a6675; --rule: #dfe3e9; --link: #1d5fc4;
  --proxy: #1d63d8; --parser: #c2570c; --origin: #0b7f63; --trouble: #c0263b;
  --valid: #0b7f4f; --degraded: #9a6200; --invalid: #b3202f; --tint: #eef2f8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #11151b; --card: #1a2029; --ink: #e7ebf1; --quiet: #9aa6b5; --rule: #303947; --link: #7fb0ff;
    --proxy: #6ea6ff; --parser: #ffa057; --origin: #3fcfa8; --trouble: #ff6f82;
    --valid: #44cf93; --degraded: #f0b84a; --invalid: #ff7482; --tint: #222a36;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1120px; padding: 24px 20px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { position: static; }
header.top { margin-bottom: 16px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 20px 0 8px; }
.url { color: var(--quiet); overflow-wrap: anywhere; margin: 0 0 12px; }
.verdict {
  display: flex; gap: 12px; align-items: baseline; border-left: 5px solid var(--tone); background: var(--card);
  border-radius: 8px; padding: 12px 16px; margin: 0 0 16px; box-shadow: 0 0 0 1px var(--rule);
}
.verdict strong { color: var(--tone); white-space: nowrap; }
.found { margin: 0 0 16px; }
.valid { --tone: var(--valid); } .degraded { --tone: var(--degraded); } .invalid { --tone: var(--invalid); }
nav { margin: 0 0 16px; display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(138px, 1fr)); gap: 12px; margin: 0 0 16px; padding: 0; list-style: none; }
.tiles li { background: var(--card); border-radius: 8px; padding: 12px 14px; box-shadow: 0 0 0 1px var(--rule); }
.tiles .name { color: var(--quiet); font-size: 13px; display: block; }
.tiles .value { font-size: 18.5px; white-space: nowrap; font-weight: 600; font-variant-numeric: tabular-nums; display: block; }
.tiles .beside { color: var(--quiet); font-size: 12.5px; display: block; }
section { background: var(--card); border-radius: 10px; padding: 18px 20px; margin: 0 0 16px; box-shadow: 0 0 0 1px var(--rule); }
.note { color: var(--quiet); font-size: 13.5px; margin: 10px 0 0; max-width: 80ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); font-size: 13px; padding: 0 0 6px; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: 13px; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; padding-right: 0; padding-left: 16px; white-space: nowrap; }
.number + td:not(.number) { padding-left: 16px; }
code, .code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre.code { background: var(--tint); border-radius: 6px; padding: 10px 12px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.key { display: inline-block; width: 18px; height: 0; border-top: 3px solid; margin-right: 8px; vertical-align: middle; }
.key.proxy { border-color: var(--proxy); }
.key.parser { border-color: var(--parser); border-top-style: dashed; }
.key.origin { border-color: var(--origin); border-top-style: dotted; }
.mark-ok { color: var(--valid); } .mark-warn { color: var(--degraded); } .mark-critical { color: var(--invalid); }
figure.chart { margin: 18px 0 0; }
figcaption { font-size: 13.5px; color: var(--quiet); margin-bottom: 6px; }
figcaption strong { color: var(--ink); font-size: 15px; }
.plot { min-height: 40px; }
.u-legend { font-size: 13px; text-align: left; width: auto; }
.u-legend th, .u-legend td { border: 0; padding: 2px 6px 2px 0; }
.u-legend .u-marker { border-radius: 2px; }
details { margin: 8px 0 0; }
summary { cursor: pointer; color: var(--link); font-size: 13.5px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 10px 20px; margin: 0; }
.facts dt { color: var(--quiet); font-size: 13px; } .facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.findings { margin: 0; padding: 0; list-style: none; }
.findings li { border-bottom: 1px solid var(--rule); padding: 10px 0; } .findings li:last-child { border-bottom: 0; }
.findings p { margin: 2px 0 0; } .findings .next { color: var(--quiet); }
.long { overflow-wrap: anywhere; }
.lanes { width: 100%; height: auto; display: block; }
.lanes text { fill: var(--quiet); font: 11px system-ui, sans-serif; }
.lanes .grid { stroke: var(--rule); }
.lanes .success { fill: var(--origin); } .lanes .failed { fill: var(--trouble); } .lanes .stopped { fill: var(--proxy); } .lanes rect { opacity: 0.82; }
.lanes .end { stroke: var(--trouble); stroke-width: 2; }
.bar { fill: var(--proxy); } .bar.over { fill: var(--parser); } .zero { stroke: var(--quiet); }
footer { color: var(--quiet); font-size: 13px; margin-top: 24px; }
@media print {
  body { background: none; max-width: none; padding: 0; font-size: 11pt; }
  section, .verdict, .tiles li { box-shadow: none; border: 1px solid var(--rule); }
  section { break-inside: auto; } figure, tr, .findings li, .verdict, .tiles { break-inside: avoid; } h2, h3 { break-after: avoid; }
  nav, .skip, details { display: none; }
  .uplot, .u-wrap { max-width: 100%; }
  .scroll { overflow: visible; } a { color: inherit; text-decoration: none; }
}
`;
