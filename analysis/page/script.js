// What the page does beyond being read: tables sort, filter and unfold, commands are copied,
// j and k go from section to section. Without it everything but the rows beyond the first stays.
"use strict";
(() => {
  const number = (text) => {
    const found = text.replace(/\u2212/g, "-").replace(/,/g, "").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i);
    return found ? parseFloat(found[0]) : NaN;
  };
  const words = (cell) => (Array.isArray(cell) ? cell.join(" ") : cell);
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const chip = (text) => {
    const made = element("span", text, "chip");
    made.dataset.word = (text.toLowerCase().match(/[a-z]+/) || [""])[0];
    return made;
  };
  const tables = [];

  function enhance(box) {
    const body = box.querySelector("tbody"), heads = [...box.querySelectorAll("th")];
    const rest = box.querySelector("script.rest"), filter = box.querySelector("input");
    const count = box.querySelector(".count"), all = box.querySelector(".all");
    const linked = Number(box.dataset.linked);
    const rows = [...body.rows].map((node) => ({ node, cells: [...node.cells].map((c) => c.textContent.trim()) }));
    const shown = rows.length;
    if (rest) for (const [cells, anchor, href] of JSON.parse(rest.textContent)) rows.push({ cells, anchor, href });
    let sorted = null, down = false, everything = false;

    function node(row) {
      if (row.node) return row.node;
      const line = (row.node = document.createElement("tr"));
      if (row.anchor) line.id = row.anchor;
      row.cells.forEach((cell, at) => {
        const kind = heads[at].dataset.kind, long = !Array.isArray(cell) && cell.length > 34;
        const box = element("td", "", heads[at].classList.contains("n") ? "n" : long ? "long" : "");
        if (Array.isArray(cell) || (kind === "mark" && cell !== "\u2013")) {
          for (const one of [].concat(cell)) box.append(chip(one), " ");
        } else if (at === linked && row.href) {
          const link = element("a", cell);
          link.href = row.href;
          box.append(link);
        } else if (kind === "code") box.append(element("code", cell));
        else box.textContent = cell;
        line.append(box);
      });
      return line;
    }
    function draw() {
      const asked = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = rows;
      if (asked.length) {
        found = rows.filter((row) => {
          const text = row.cells.map(words).join(" ").toLowerCase();
          return asked.every((word) => text.includes(word));
        });
      }
      if (sorted !== null) {
        const numeric = heads[sorted].classList.contains("n"), sign = down ? -1 : 1;
        const keys = new Map(found.map((row) => [row, numeric ? number(words(row.cells[sorted])) : words(row.cells[sorted])]));
        found = [...found].sort((one, other) => {
          const a = keys.get(one), b = keys.get(other);
          if (!numeric) return sign * a.localeCompare(b, undefined, { numeric: true });
          return isNaN(a) || isNaN(b) ? isNaN(a) - isNaN(b) : sign * (a - b);
        });
      }
      const visible = everything ? found : found.slice(0, shown);
      body.replaceChildren(...visible.map(node));
      if (count) {
        const of = visible.length < found.length ? " of " + found.length.toLocaleString("en") : "";
        count.textContent = visible.length.toLocaleString("en") + of + (found.length === 1 ? " row" : " rows");
        all.hidden = visible.length === found.length;
      }
    }
    heads.forEach((head, at) => {
      if (rows.length < 2) return;
      head.classList.add("sorts");
      head.tabIndex = 0;
      const sort = () => {
        down = sorted === at && !down;
        sorted = at;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        draw();
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    });
    const showAll = () => { everything = true; draw(); };
    if (all) {
      all.hidden = !rest;
      all.addEventListener("click", showAll);
    }
    filter.hidden = rows.length < 8;
    filter.addEventListener("input", draw);
    tables.push({ box, showAll, clear: () => { filter.value = ""; }, has: (id) => rows.some((row) => row.anchor === id) });
  }
  document.querySelectorAll(".table").forEach(enhance);

  // A row may be folded away, or not be there yet.
  function arrive() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!id) return;
    const table = tables.find((one) => one.has(id));
    if (table && !document.getElementById(id)) { table.clear(); table.showAll(); }
    const target = document.getElementById(id);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const row = target.tagName === "TR";
    target.scrollIntoView({ block: row ? "center" : "start" });
  }
  addEventListener("hashchange", arrive);
  arrive();

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "selected";
      }
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
  }

  const sections = [...document.querySelectorAll("main > section")];
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const current = () => sections.filter((one) => one.getBoundingClientRect().top < 120).pop() || sections[0];
  const mark = () => {
    const here = current();
    links.forEach((link, id) => link.classList.toggle("here", Boolean(here) && id === here.id));
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
  addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, k: -1 }[event.key];
    const next = step && sections[sections.indexOf(current()) + step];
    if (next) next.scrollIntoView();
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
})();
