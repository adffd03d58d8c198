"""How a page looks: one sheet for light, dark, narrow and paper. Colour only repeats what signs and words say."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1d2126; --soft: #59636e; --line: #e2e6ea; --tint: #f5f7f8; --link: #0b5cad;
  --good: #1a7431; --kink: #0a6a83; --warn: #8a5200; --bad: #b3261e; --odd: #7a3e9d;
  --c0: #1d2126; --c1: #0b5cad; --c2: #b3261e; --c3: #1a7431; --c4: #8a5200; --c5: #7a3e9d; --c6: #0a6a83;
  --c7: #59636e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e5e8eb; --soft: #a0a9b3; --line: #2c3239; --tint: #1c2026; --link: #84b9f5;
    --good: #6cc983; --kink: #66c7de; --warn: #e3b25c; --bad: #ff9389; --odd: #cfa2ea;
    --c0: #e5e8eb; --c1: #84b9f5; --c2: #ff9389; --c3: #6cc983; --c4: #e3b25c; --c5: #cfa2ea; --c6: #66c7de;
    --c7: #a0a9b3;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
}
main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
main { padding-top: 3rem; }
footer { padding-top: 2rem; padding-bottom: 3rem; color: var(--soft); font-size: .875rem; }
h1, h2, h3 { font-weight: 600; line-height: 1.3; margin: 0; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.125rem; margin: 3rem 0 .75rem; }
h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .75rem 0; max-width: 46rem; }
a { color: var(--link); }
code, pre, .digits {
  font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: .875em; font-variant-ligatures: none;
}
.eyebrow { margin: 0 0 1rem; color: var(--soft); font-size: .875rem; }
.formula { overflow-x: auto; overflow-y: hidden; padding: .25rem 0; }
h1.formula { font-weight: 400; }
.formula math { font-size: 1.35rem; width: max-content; margin: .5rem 0; }
mtable.cases mtd { text-align: left; }
.typed { margin: .5rem 0 0; color: var(--soft); max-width: none; }
.typed code { color: var(--ink); overflow-wrap: anywhere; }
.lead { font-size: 1.125rem; margin: 1.5rem 0; }
.soft, small, caption { color: var(--soft); }
small { font-size: .8125rem; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.5rem; margin: 1.5rem 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: 1.5rem 0 0; }
ul.notes { padding-left: 1.2rem; }

.box { overflow-x: auto; margin: .75rem 0; }
.box + .box { margin-top: 2rem; }
.box:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible, select:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px;
}
table { border-collapse: collapse; font-variant-numeric: tabular-nums lining-nums; font-size: .9375rem; }
table + table { margin-top: 1.75rem; }
caption { text-align: left; padding: 0 0 .5rem; font-size: .875rem; caption-side: top; }
th, td { padding: .45rem 1.75rem .45rem 0; text-align: left; vertical-align: baseline; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: .875rem; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; }
tbody > tr + tr > *, tbody + tbody > tr:first-child > * { border-top: 1px solid var(--line); }
tfoot > tr:first-child > * { border-top: 1px solid var(--soft); }
tfoot th { font-weight: 600; }
.right { text-align: right; }
td.text { white-space: normal; min-width: 14rem; }
tbody tr.marked > * { background: var(--tint); }
tbody tr.marked > :first-child { box-shadow: inset 3px 0 var(--bad); padding-left: .75rem; }
.box.sticky th:first-child { position: sticky; left: 0; background: var(--paper); background-clip: padding-box; }

.verdict { white-space: nowrap; font-weight: 500; }
.verdict b { display: inline-block; min-width: 1.15em; font-weight: 600; }
.v-ok, .v-right { color: var(--good); } .v-kink { color: var(--kink); } .v-inaccurate { color: var(--warn); }
.v-nonfinite, .v-wrong, .v-disagree, .v-timeout, .v-failed, .v-error { color: var(--bad); }
.v-domain { color: var(--odd); } .v-no-truth, .v-undecided, .v-missing,
.v-unsupported { color: var(--soft); }
.off { color: var(--bad); text-decoration: underline; text-decoration-style: dotted; text-underline-offset: .2em; }

.command { display: flex; align-items: flex-start; gap: .75rem; margin: .5rem 0; }
.command pre { flex: 1; min-width: 0; margin: 0; padding: .6rem .8rem; background: var(--tint); overflow-x: auto; }
button, input, select {
  font: inherit; font-size: .875rem; color: inherit; background: var(--paper); border: 1px solid var(--soft);
  border-radius: 4px; padding: .3rem .6rem;
}
input, select { height: 2.25rem; }
button { cursor: pointer; }
button:hover { background: var(--tint); }
figure { margin: 1rem 0 2rem; }
figure svg { display: block; }
figure.plot svg { width: 100%; min-width: 34rem; max-width: 52rem; height: auto; }
figure.graph .drawn .ground { fill: var(--paper); }

/* a batch */
.controls { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: end; margin: 1.5rem 0 .5rem; }
.controls label { display: grid; gap: .2rem; font-size: .8125rem; color: var(--soft); }
.controls label.narrow { display: none; }
.controls input { width: 18rem; max-width: 100%; color: var(--ink); }
.controls select { color: var(--ink); }
#status { margin: 0; color: var(--soft); font-size: .875rem; }
[hidden] { display: none !important; }
#rows { width: 100%; }
.sorting #rows > tbody { display: none; }
#rows > tbody > tr:first-child > * { vertical-align: top; }
#rows > tbody > tr > th { white-space: normal; min-width: 16rem; font-weight: 400; }
#rows > tbody > tr > th code { overflow-wrap: anywhere; }
#rows > tbody > tr > th p { margin: .1rem 0 0 1.1rem; font-size: .8125rem; color: var(--soft); }
#rows > tbody > tr > th p { overflow-wrap: anywhere; }
#rows thead button { border: 0; padding: 0; background: none; color: inherit; font-weight: inherit; }
#rows thead button:hover { color: var(--ink); }
#rows thead button::after { content: "\\2195"; display: inline-block; width: 1.1em; text-align: right; opacity: .45; }
#rows thead [aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
#rows thead [aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
#rows thead [aria-sort] { color: var(--ink); }
#rows summary { cursor: pointer; list-style: none; display: flex; gap: .5rem; }
#rows summary::-webkit-details-marker { display: none; }
#rows summary::before { content: "\\203a"; color: var(--soft); width: .6rem; flex: none; }
#rows details[open] summary::before { content: "\\2304"; }
#rows .more > td { white-space: normal; padding: .25rem 0 1.5rem 1.1rem; border-top: 0; }
#rows .more { display: none; }
#rows > tbody.open > .more { display: table-row; }
.buttons { display: flex; gap: .75rem; margin: 1rem 0; }

@media (max-width: 40rem) {
  main, footer { padding-left: 1rem; padding-right: 1rem; }
  main { padding-top: 1.5rem; }
  .formula math { font-size: 1.15rem; }
  .lead { font-size: 1.0625rem; }
  th, td { padding-right: .9rem; }
  dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.facts dd { margin-bottom: .6rem; }
  .controls label, .controls input { width: 100%; }
  #rows, #rows > tbody, #rows > tbody > tr { display: block; }
  #rows > thead { display: none; }
  #rows > caption { display: block; }
  .controls label.narrow { display: grid; }
  #rows > tbody > tr:first-child {
    display: flex; flex-wrap: wrap; gap: .15rem 1rem; padding: .7rem 0; border-top: 1px solid var(--line);
  }
  #rows > tbody > tr:first-child > * { display: block; padding: 0; border: 0; }
  #rows > tbody > tr:first-child > th { order: -1; width: 100%; min-width: 0; }
  #rows > tbody > tr:first-child > td:first-child { order: 1; }
  #rows > tbody > tr:first-child > td[data-name]::before {
    content: attr(data-name) " "; color: var(--soft); font-size: .8125rem;
  }
  #rows > tbody > tr > td.right { text-align: left; }
  #rows > tbody.open > .more { display: block; }
  #rows .more > td { display: block; padding-left: 0; }
  .command { flex-direction: column; }
  .command pre { width: 100%; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc; --tint: #f4f4f4; --link: #000000;
    --good: #000000; --kink: #000000; --warn: #000000; --bad: #000000; --odd: #000000;
    --c0: #000000; --c1: #333333; --c2: #555555; --c3: #111111; --c4: #444444; --c5: #666666; --c6: #222222;
    --c7: #6a6a6a;
  }
  @page { margin: 16mm; }
  html { font-size: 9pt; }
  main, footer { max-width: none; padding: 0; }
  nav, .controls, .buttons, .command button { display: none; }
  .box { overflow: visible; }
  table { font-size: .875rem; }
  th, td { padding-right: 1rem; }
  td.text, .digits, #rows > tbody > tr > th { white-space: normal; overflow-wrap: anywhere; }
  #rows > thead button::after { content: none; }
  tr, figure, .command, dl.facts > * { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  thead { display: table-header-group; }
  figure.plot svg { min-width: 0; }
}
"""

UNSCRIPTED = """
#rows > tbody:has(th details[open]) > .more { display: table-row; }
@supports not selector(:has(a)) { #rows .more { display: table-row; } }
"""
"""Rows that open by themselves; where the script opens them, this would only slow down long lists."""
