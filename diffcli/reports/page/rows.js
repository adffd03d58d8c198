"use strict";
(() => {
  const STEP = 200;
  const table = document.getElementById("rows");
  const element = (id) => document.getElementById(id);
  const make = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const number = (text) => text === undefined || text === "" ? null : Number(text);
  const rows = [...table.tBodies].map((body, place) => {
    const data = body.dataset;
    const pairs = (data.verdicts || "").split(" ").filter(Boolean).map((pair) => pair.split("="));
    return {
      body, place, pairs, verdicts: new Set(pairs.map((pair) => pair[1])),
      line: number(data.line), verdict: number(data.rank), bits: number(data.bits), error: number(data.ulp),
      operations: number(data.operations), words: null, expression: null,
    };
  });
  const text = (row) => row.words ??= row.body.rows[0].textContent.toLowerCase();
  const expression = (row) => row.expression ??= row.body.querySelector("code").textContent;

  // --- the tallies
  const order = JSON.parse(table.dataset.order);
  const words = JSON.parse(table.dataset.words);
  const say = (template, places) => words[template].replace(/{(\w+)}/g, (_, place) => places[place]);
  const tally = new Map();
  const counts = new Map();
  for (const row of rows) {
    for (const verdict of row.verdicts) counts.set(verdict, (counts.get(verdict) || 0) + 1);
    for (const [method, verdict] of row.pairs) {
      if (!tally.has(method)) tally.set(method, new Map());
      tally.get(method).set(verdict, (tally.get(method).get(verdict) || 0) + 1);
    }
  }
  const present = order.filter((verdict) => counts.has(verdict));
  const plain = new Intl.NumberFormat("en");
  function tallies() {
    const head = element("tally-head"), body = element("tally-body");
    const methods = [...tally.keys()].filter((method) => method);
    const kinds = [...present].reverse().filter((verdict) => methods.some((method) => tally.get(method).has(verdict)));
    for (const verdict of kinds) head.append(make("th", words[verdict], { scope: "col", class: "right v-" + verdict }));
    for (const method of methods) {
      const line = make("tr", "");
      line.append(make("th", method, { scope: "row" }));
      for (const verdict of kinds) {
        const count = tally.get(method).get(verdict) || 0;
        line.append(make("td", count ? plain.format(count) : "–", { class: "right" }));
      }
      body.append(line);
    }
    element("tallies").hidden = methods.length === 0;
  }

  // --- the view
  const KEYS = { line: "up", expression: "up", verdict: "down", bits: "down", error: "down", operations: "down" };
  const view = { sort: "verdict", order: "down", verdict: "", find: "", shown: STEP };
  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.get("sort") in KEYS) view.sort = asked.get("sort");
    view.order = asked.has("order") ? (asked.get("order") === "up" ? "up" : "down") : KEYS[view.sort];
    view.verdict = present.includes(asked.get("verdict")) ? asked.get("verdict") : "";
    view.find = asked.get("find") || "";
    view.shown = Number(asked.get("rows")) || STEP;
  }
  function remember() {
    const kept = new URLSearchParams({ sort: view.sort, order: view.order });
    for (const name of ["verdict", "find"]) if (view[name]) kept.set(name, view[name]);
    try { history.replaceState(null, "", "#" + kept); } catch { /* an address is a convenience */ }
  }
  const down = (a, b) => a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? 1 : -1;
  function compared(a, b) {
    if (view.sort === "expression") {
      const sign = expression(a) < expression(b) ? -1 : expression(a) > expression(b) ? 1 : 0;
      return (view.order === "up" ? sign : -sign) || a.place - b.place;
    }
    const x = a[view.sort], y = b[view.sort];
    if (x === null || y === null) return down(x, y) || a.place - b.place;
    const ahead = view.order === "down" ? down(x, y) : down(y, x);
    if (ahead || view.sort !== "verdict") return ahead || a.place - b.place;
    return (view.order === "down" ? down(a.error, b.error) : down(b.error, a.error)) || a.place - b.place;
  }
  function show() {
    const words = view.find.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => (!view.verdict || row.verdicts.has(view.verdict))
      && words.every((word) => text(row).includes(word))).sort(compared);
    const part = document.createDocumentFragment();
    for (const row of found.slice(0, view.shown)) part.append(row.body);
    for (const body of [...table.tBodies]) body.remove();
    table.append(part);
    document.documentElement.className = "";
    const count = Math.min(view.shown, found.length);
    const template = count < found.length ? "{count} of {all} rows shown"
      : count === 1 ? "1 row shown" : "{count} rows shown";
    const shown = say(template, { count: plain.format(count), all: plain.format(found.length) });
    element("status").textContent = found.length === rows.length ? shown
      : say("{shown} (of {total})", { shown, total: plain.format(rows.length) });
    element("further").hidden = count === found.length;
    sorting.value = view.sort;
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.key === view.sort) {
        head.setAttribute("aria-sort", view.order === "down" ? "descending" : "ascending");
      } else head.removeAttribute("aria-sort");
    }
  }

  // --- what can be clicked
  tallies();
  const choice = element("verdict");
  choice.append(make("option", say("any ({count})", { count: plain.format(rows.length) }), { value: "" }));
  for (const verdict of present) {
    choice.append(make("option", `${words[verdict]} (${plain.format(counts.get(verdict))})`, { value: verdict }));
  }
  const sorting = element("sorting");
  for (const head of table.tHead.rows[0].cells) {
    sorting.append(make("option", head.textContent, { value: head.dataset.key }));
  }
  const changed = () => { view.shown = STEP; remember(); show(); };
  choice.addEventListener("change", () => { view.verdict = choice.value; changed(); });
  sorting.addEventListener("change", () => { view.sort = sorting.value; view.order = KEYS[view.sort]; changed(); });
  let waiting = 0;
  element("find").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { view.find = event.target.value; changed(); }, 120);
  });
  for (const head of table.tHead.rows[0].cells) {
    const key = head.dataset.key;
    const button = make("button", head.textContent, { type: "button" });
    button.addEventListener("click", () => {
      view.order = view.sort === key ? (view.order === "down" ? "up" : "down") : KEYS[key];
      view.sort = key;
      changed();
    });
    head.replaceChildren(button);
  }
  table.addEventListener("toggle", ({ target }) => {
    if (target.matches("th > details")) target.closest("tbody").classList.toggle("open", target.open);
  }, true);
  element("some").addEventListener("click", () => { view.shown += 5 * STEP; show(); });
  element("all").addEventListener("click", () => { view.shown = Infinity; show(); });
  const follow = () => { read(); choice.value = view.verdict; element("find").value = view.find; show(); };
  addEventListener("hashchange", follow);
  element("controls").hidden = false;
  follow();
})();
