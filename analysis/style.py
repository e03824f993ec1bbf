"""The page's looks: system fonts, one column, light and dark, colours every eye can tell apart."""

CSS = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1f2933; --quiet: #64707d; --line: #e3e8ed;
  --accent: #0072b2; --warm: #d55e00; --good: #00795c; --bad: #b3261e; --tint: #eaf3fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d; --card: #1c2229; --ink: #e6eaee; --quiet: #98a4b0; --line: #303943;
    --accent: #6cb8e6; --warm: #f2995a; --good: #4cc3a0; --bad: #f28b82; --tint: #1b2d3a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 80px; }
header .kicker { color: var(--quiet); font-size: 14px; letter-spacing: .02em; }
header .kicker b { color: var(--ink); }
h1 { font-size: clamp(24px, 4vw, 34px); line-height: 1.2; margin: 6px 0 22px; text-wrap: balance; }
h2 { font-size: 20px; margin: 0 0 4px; }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 8px 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 22px 24px; margin: 18px 0; }
section > p.lead { color: var(--quiet); font-size: 14.5px; margin: 0 0 14px; }
.answer { border-left: 5px solid var(--accent); background: var(--tint); }
.answer p { margin: 6px 0; }
.answer p.first { font-size: 20px; line-height: 1.4; font-weight: 600; margin-bottom: 12px; }
.answer p.note { margin-top: 14px; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 10px;
  margin: 12px 0 4px; }
.tile { border: 1px solid var(--line); border-radius: 10px; padding: 10px 12px; }
.tile b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--quiet); font-size: 13px; }
.tile.zero b { color: var(--quiet); font-weight: 400; }
.scroll { overflow-x: auto; margin: 8px -6px 4px; padding: 0 6px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px;
  font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 12.5px;
  border-bottom: 2px solid var(--line); padding: 6px 10px 6px 0; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: 6px 10px 6px 0; vertical-align: middle;
  white-space: nowrap; }
td .wrap { white-space: normal; display: inline-block; min-width: 150px; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover td { background: color-mix(in srgb, var(--accent) 6%, transparent); }
.quiet { color: var(--quiet); }
.small { font-size: 13px; }
.chip { display: inline-block; font-size: 12px; line-height: 1.5; padding: 0 8px;
  border-radius: 999px; border: 1px solid var(--line); color: var(--quiet); margin-right: 4px; }
.chip.complete, .chip.causal { color: var(--good); border-color: currentColor; }
.chip.best { background: var(--accent); border-color: var(--accent); color: var(--card); }
.chip.failed, .chip.diverged, .chip.alarm { color: var(--bad); border-color: currentColor; }
.chip.leaky { background: var(--warm); border-color: var(--warm); color: var(--card);
  font-weight: 600; }
.chip.pruned, .chip.killed, .chip.running { color: var(--warm); border-color: currentColor; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 14px; margin: 8px 0; overflow-x: auto; font-size: 13px; line-height: 1.5; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: 12px 0 0; }
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto; background: #fff;
  border-radius: 8px; }
figcaption { color: var(--quiet); font-size: 13.5px; margin-top: 8px; }
.alarm-box { border: 1px solid var(--bad); border-left-width: 5px; border-radius: 8px;
  padding: 8px 14px; margin: 10px 0; }
.note { border-left: 3px solid var(--line); padding-left: 14px; color: var(--quiet);
  font-size: 14.5px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 8px 0;
  font-size: 14.5px; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--quiet); font-size: 14px; }
svg.strip { display: block; }
svg.strip .axis { stroke: var(--line); }
svg.strip .chance { stroke: var(--quiet); stroke-dasharray: 2 2; }
svg.strip .bar { stroke: var(--warm); stroke-width: 2.5; stroke-linecap: round; }
svg.strip .seed { fill: var(--accent); fill-opacity: .65; }
svg.strip .mean { fill: var(--warm); }
@media (max-width: 600px) {
  main { padding: 20px 12px 60px; } section { padding: 16px 14px; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: 8px; }
}
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""
