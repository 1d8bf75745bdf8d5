"use strict";

/* Three small things: charts that follow the system's light or dark, tables that sort, and
   clauses that show the claim they rest on. Without this script the pages still read. */

(() => {
  const root = document.documentElement;

  /* "var(--accent)@0.2" -> a colour of the style sheet, with opacity. */
  const pattern = /^var\((--[\w-]+)\)(?:@([\d.]+))?$/;
  function colour(name, opacity) {
    const value = getComputedStyle(root).getPropertyValue(name).trim();
    if (opacity === undefined) return value;
    const hex = value.replace("#", "");
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return `rgba(${r},${g},${b},${opacity})`;
  }
  function resolve(node) {
    if (typeof node === "string") {
      const found = node.match(pattern);
      return found ? colour(found[1], found[2]) : node;
    }
    if (Array.isArray(node)) return node.map(resolve);
    if (node && typeof node === "object") {
      return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, resolve(v)]));
    }
    return node;
  }

  function axis(own) {
    return {
      gridcolor: "var(--line)", zeroline: false, showline: false,
      tickfont: { size: 11.5, color: "var(--ink-3)" }, ticks: "", ...own,
    };
  }
  function draw(place) {
    const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    const narrow = place.clientWidth < 620;
    const layout = {
      ...figure.layout,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: "var(--ink-2)" },
      margin: narrow ? { l: 46, r: 4, t: 16, b: 34 } : { l: 66, r: 16, t: 22, b: 40 },
      hovermode: "closest", dragmode: narrow ? false : "zoom", showlegend: false,
      hoverlabel: {
        bgcolor: "var(--surface)", bordercolor: "var(--line-strong)",
        font: { color: "var(--ink)", size: 12.5 },
      },
      xaxis: axis({ showgrid: false, ...figure.layout.xaxis }),
      yaxis: axis(figure.layout.yaxis),
      yaxis2: axis(figure.layout.yaxis2),
    };
    if (narrow && figure.narrow) {
      layout.xaxis.range = figure.narrow["xaxis.range"];
      if (figure.narrow["yaxis.range"]) layout.yaxis.range = figure.narrow["yaxis.range"];
    }
    const config = { displayModeBar: false, displaylogo: false, responsive: true };
    return Plotly.react(place, resolve(figure.data), resolve(layout), config);
  }

  const places = [...document.querySelectorAll("[data-figure]")];
  if (places.length && window.Plotly) {
    const all = () => places.forEach(draw);
    all();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  }

  /* Tables. The first click on a number sorts from high to low, on a text from A to Z. */
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    for (const button of table.querySelectorAll("[data-sort-by]")) {
      button.addEventListener("click", () => {
        const head = button.closest("th");
        const text = button.dataset.sortKind === "text";
        const now = head.getAttribute("aria-sort");
        const down = now ? now === "ascending" : !text;
        table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.getAttribute(`data-${button.dataset.sortBy}`);
        const compare = (a, b) => {
          const [x, y] = [key(a), key(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          const order = text ? x.localeCompare(y) : Number(x) - Number(y);
          return down ? -order : order;
        };
        body.append(...[...body.rows].sort(compare));
      });
    }
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr.go");
      if (row && !event.target.closest("a") && !String(getSelection())) {
        row.querySelector("a.symbol").click();
      }
    });
  }

  /* Clauses. Hovering previews a claim, a click pins it, Escape or Close lets it go. */
  const panel = document.querySelector(".evidence");
  if (panel) {
    const shown = panel.querySelector(".shown-claims");
    const empty = shown.innerHTML;
    let pinned = null;
    const mark = (clause) => {
      document.querySelectorAll(".clause.shown").forEach((c) => c.classList.remove("shown"));
      if (clause) clause.classList.add("shown");
    };
    const show = (clause) => {
      mark(clause);
      shown.innerHTML = clause ? document.getElementById(clause.hash.slice(1)).innerHTML : empty;
    };
    const pin = (clause) => {
      pinned = clause;
      panel.classList.toggle("pinned", Boolean(clause));
      show(clause);
    };
    const clauseOf = (event) => event.target.closest && event.target.closest("a.clause");
    document.addEventListener("click", (event) => {
      const clause = clauseOf(event);
      if (!clause) return;
      event.preventDefault();
      pin(clause === pinned ? null : clause);
    });
    document.addEventListener("mouseover", (event) => {
      const clause = clauseOf(event);
      if (clause && !pinned) show(clause);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") pin(null);
    });
    panel.querySelector(".close").addEventListener("click", () => pin(null));
  }
})();
