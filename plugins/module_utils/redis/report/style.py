# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the page looks: light, dark, narrow and on paper."""
from __future__ import annotations

STYLE = """
:root {
  --page: #f4f6f9; --card: #fff; --text: #17202b; --soft: #566273; --line: #dbe1e9; --well: #e6eaf0;
  --good: #12703f; --good-ground: #e2f5ea; --bad: #b3261e; --bad-ground: #fdebe9; --warn: #8a5a00; --warn-ground: #fdf3dc;
  --link: #1d5fc4;
}
@media (prefers-color-scheme: dark) { :root {
  --page: #10151c; --card: #19212b; --text: #e7ecf2; --soft: #9eabba; --line: #2d3846; --well: #2a3441;
  --good: #6bd69a; --good-ground: #12301f; --bad: #ff9a90; --bad-ground: #40191a; --warn: #f2c25c; --warn-ground: #372a0d;
  --link: #86b6ff;
} }
@media print { :root {
  --page: #fff; --card: #fff; --text: #000; --soft: #444; --line: #bbb; --well: #e6eaf0;
  --good: #12703f; --good-ground: #e2f5ea; --bad: #b3261e; --bad-ground: #fdebe9; --warn: #8a5a00; --warn-ground: #fdf3dc;
  --link: #000;
} }
* { box-sizing: border-box; margin: 0; }
html { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { background: var(--page); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; max-width: 1280px; margin: 0 auto; padding: 24px; overflow-wrap: anywhere; }
small, .soft { color: var(--soft); font-size: 13px; }
h1 { font-size: 24px; line-height: 1.2; }
h2 { font-size: 13px; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); margin: 28px 0 10px; }
code, .code { font: 12px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
a { color: var(--link); }

header { display: flex; flex-wrap: wrap; gap: 16px; align-items: center; justify-content: space-between; }
.name p { color: var(--soft); margin-top: 4px; }
.name p span:not(:last-child)::after, .facts span:not(:last-child)::after { content: "\\00b7"; margin: 0 5px; }
.verdict { border-radius: 12px; padding: 12px 18px; }
.verdict p { display: grid; grid-template-columns: auto 1fr; column-gap: 12px; align-items: center; }
.verdict .mark { grid-row: span 2; width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center;
  font-size: 20px; font-weight: 700; color: var(--card); }
.verdict strong { font-size: 20px; line-height: 1.2; }
.verdict.good { background: var(--good-ground); color: var(--good); }
.verdict.good .mark { background: var(--good); }
.verdict.bad { background: var(--bad-ground); color: var(--bad); }
.verdict.bad .mark { background: var(--bad); }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin-top: 20px; }
.tiles dl, .card, .problem, section > .slots, .balance { background: var(--card); }
.tiles dl { border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles b { font-size: 22px; line-height: 1.3; white-space: nowrap; }
.tiles small { display: block; white-space: nowrap; }
.tiles .bad { border-color: var(--bad); }
.tiles .bad b { color: var(--bad); }
.tiles .doubtful b { color: var(--warn); }

.problem { display: grid; grid-template-columns: 76px 1fr auto; gap: 4px 14px; align-items: baseline;
  border: 1px solid var(--line); border-bottom-width: 0; padding: 9px 14px; break-inside: avoid; }
.problem:first-of-type { border-radius: 10px 10px 0 0; }
.problem:last-of-type { border-bottom-width: 1px; border-radius: 0 0 10px 10px; }
.problem:first-of-type:last-of-type { border-radius: 10px; }
.problem code { color: var(--soft); }
.problem a { font-size: 13px; white-space: nowrap; }
.severity { font-size: 13px; border-radius: 6px; text-align: center; padding: 1px 6px; }
.error { background: var(--bad-ground); color: var(--bad); }
.warning { background: var(--warn-ground); color: var(--warn); }

.slots { position: relative; height: 56px; border-radius: 8px; overflow: hidden; background: var(--well); }
.slots svg, .marks { display: block; width: 100%; height: 100%; shape-rendering: crispEdges; }
.slots path { stroke: var(--page); stroke-width: 1px; vector-effect: non-scaling-stroke; }
.slots span { position: absolute; top: 0; height: 100%; display: grid; place-items: center; color: #fff; font-weight: 600;
  font-size: 17px; pointer-events: none; }
.slots .narrow { font-size: 12px; }
.slots path.down { fill-opacity: .35; }
.slots span.down { color: var(--text); }
.axis { position: relative; height: 20px; color: var(--soft); font-size: 12px; margin-top: 4px; }
.axis span { position: absolute; transform: translateX(-50%); }
.axis span:first-child { transform: none; }
.axis span:last-child { right: 0; transform: none; }
.row { margin-top: 8px; }
.row .marks { height: 8px; background: var(--well); border-radius: 4px; }
.row p { font-size: 13px; margin-top: 3px; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
.uncovered { fill: #d6362b; background: #d6362b; }
.unserved { fill: #e0733a; background: #e0733a; }
.disputed { fill: #c99a1a; background: #c99a1a; }
.migrating { fill: #8c6be0; background: #8c6be0; }
.importing { fill: #2f9ec7; background: #2f9ec7; }

.balance { display: grid; grid-template-columns: 80px 1fr 260px; gap: 4px 14px; align-items: center; padding: 8px 14px;
  border: 1px solid var(--line); border-bottom-width: 0; }
h2 + .balance { border-radius: 10px 10px 0 0; }
.balance:last-child { border-bottom-width: 1px; border-radius: 0 0 10px 10px; }
.share { display: flex; height: 16px; border-radius: 4px; overflow: hidden; background: var(--well); }
.share i { border-right: 1px solid var(--card); min-width: 1px; }
.share i:last-child { border-right: 0; }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(370px, 100%), 1fr)); gap: 12px; align-items: start; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; break-inside: avoid; }
.card.bad { border-color: var(--bad); }
h3 { display: flex; align-items: center; gap: 10px; font-size: 15px; padding-bottom: 10px; }
h3 small { margin-left: auto; font-weight: 400; white-space: nowrap; }
h3 .key { flex: none; width: auto; min-width: 26px; height: 24px; padding: 0 6px; border-radius: 6px; margin: 0; color: #fff;
  font: 600 13px/24px inherit; font-style: normal; text-align: center; }
.node { border-top: 1px solid var(--line); padding: 9px 0; }
.node:last-child { padding-bottom: 0; }
.node:first-child { border-top: 0; padding-top: 0; }
.who { display: flex; align-items: baseline; gap: 8px; }
.who b { flex: none; width: 56px; font-size: 13px; }
.who .replica { font-weight: 400; color: var(--soft); }
.zone { margin-left: auto; color: var(--soft); font-size: 13px; }
.memory { display: grid; grid-template-columns: 1fr auto; gap: 10px; align-items: center; font-size: 13px; margin: 3px 0 0 64px; }
.gauge { height: 8px; border-radius: 4px; background: var(--well); overflow: hidden; }
.gauge i { display: block; height: 100%; min-width: 2px; }
.gauge .fine { background: #2f8f6b; } .gauge .filling { background: #c98a1a; } .gauge .full { background: #cf5a1c; }
.facts, .codes { margin: 3px 0 0 64px; font-size: 13px; color: var(--soft); }
.facts span { white-space: nowrap; }
.code { border-radius: 6px; padding: 1px 6px; margin-right: 6px; white-space: nowrap; }
.node.down .who b + span { text-decoration: line-through; }
.node.down .facts { color: var(--bad); }

.c0 { fill: #2f6fde; background: #2f6fde; } .c1 { fill: #0b7f66; background: #0b7f66; }
.c2 { fill: #9a4fc4; background: #9a4fc4; } .c3 { fill: #a8621a; background: #a8621a; }
.c4 { fill: #3f7d2c; background: #3f7d2c; } .c5 { fill: #5a5bd0; background: #5a5bd0; }
.c6 { fill: #0f7a96; background: #0f7a96; } .c7 { fill: #857018; background: #857018; }

@media (max-width: 640px) {
  body { padding: 14px; }
  .verdict { width: 100%; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles dl:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .problem { grid-template-columns: auto 1fr; }
  .problem p { grid-column: 1 / -1; grid-row: 2; }
  .problem a { justify-self: end; }
  .balance { grid-template-columns: 1fr auto; }
  .balance .share { grid-column: 1 / -1; grid-row: 2; }
  .memory, .facts, .codes { margin-left: 0; }
  .slots span { font-size: 13px; } .slots .narrow { display: none; }
}
"""
