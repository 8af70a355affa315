/* Table 5 as a forest: rows are chosen with the pointer or the arrow keys, covariates switched; the table below has the same numbers. */
(function () {
  "use strict";
  var root = document.getElementById("forest");
  if (!root) return;
  var F = window.figureParts, el = F.el, svg = F.svg, words = F.words, DATA = F.data("forest");
  var kinds = Object.keys(DATA.models), ALL = Array.from(new Set(kinds.flatMap(function (kind) { return DATA.models[kind].map(function (row) { return row[0]; }); })));
  var START = { model: kinds[0], without: "", row: 0 };
  function clean(raw) {
    var out = String(raw.without).split(".").filter(function (i) { return /^\d+$/.test(i) && +i < ALL.length; });
    var s = { model: kinds.indexOf(raw.model) < 0 ? kinds[0] : raw.model, without: out.length < ALL.length ? out.join(".") : "" };
    s.row = Math.min(Math.max(0, Math.floor(+raw.row) || 0), Math.max(0, rows(s).length - 1));
    return s;
  }
  function rows(s) { // as the table has them, those of chosen covariates
    var out = s.without.split(".");
    return DATA.models[s.model].filter(function (row) { return out.indexOf(String(ALL.indexOf(row[0]))) < 0; })
      .map(function (r) { return { variable: r[0], level: r[1], n: r[2], events: r[3], hr: r[4], lo: r[5], hi: r[6], p: r[7], reason: r[8], reference: r[4] === 1 && r[5] === null }; });
  }
  function told(row) {
    return row.variable + ", " + row.level + ": " + (row.reference ? "the reference" : row.hr === null ? row.reason || "no finite estimate" : "hazard ratio " + interval(row) + ", p " + F.p3(row.p)) + "; n " + row.n + ", events " + row.events + ".";
  }
  function interval(row) { return row.lo === null || row.hi === null ? row.hr.toFixed(2) + " (no finite interval)" : F.ratio(row.hr, row.lo, row.hi); }
  var kept = F.store(START, clean, draw);
  var plot = svg("svg", { id: "fo-plot", role: "application", tabindex: "0", "aria-label": "Forest of hazard ratios. Up and down arrows choose a row; its numbers are read out below." });
  var said = el("p", { id: "fo-told", "aria-live": "polite" }), table = F.region("fo-table", "The forest as a table");
  var boxes = ALL.map(function (name, i) {
    var box = el("input", { type: "checkbox", id: "fo-show-" + i });
    box.addEventListener("change", function () { kept.set({ without: ALL.map(function (_, j) { return j; }).filter(function (j) { return !boxes[j].checked; }).join("."), row: 0 }); });
    return box;
  });
  root.append(el("div", { class: "f3-frame" }, [
    el("div", { class: "f3-controls" }, [
      F.choice("fo-model", "Model", kinds.map(function (kind) { return [kind, kind === "univariable" ? "each covariate by itself" : "all that pass the screen, in one model"]; }), function (value) { kept.set({ model: value, row: 0 }); }),
      F.button("fo-reset", "As the paper", function () { kept.set(START); }),
      F.button("fo-save", "Save the picture", function () { F.save(plot, "forest_synthetic.svg"); }),
    ]),
    el("details", {}, [el("summary", {}, "Covariates"), el("div", { class: "f3-controls" }, ALL.map(function (name, i) { return el("label", { class: "f3-key" }, [boxes[i], " " + name]); }))]),
    plot, said, el("details", {}, [el("summary", {}, "The forest as a table"), table]),
    el("p", { class: "f3-mark" }, "Synthetic cohort: no real patient stands behind any of this."),
  ]));
  var places = [];
  function draw() {
    var s = kept.state, shown = rows(s), W = F.width(root), wide = W > 560, left = wide ? 225 : 165, right = W - (wide ? 200 : 14), y = 34, before = "";
    var ends = shown.flatMap(function (row) { return [row.lo, row.hi]; }).filter(function (v) { return v > 0; });
    var low = Math.max(0.02, Math.min.apply(null, ends.concat([0.8])) / 1.1), high = Math.min(50, Math.max.apply(null, ends.concat([1.25])) * 1.1);
    function x(hr) { return left + (right - left) * Math.log(Math.min(high, Math.max(low, hr)) / low) / Math.log(high / low); }
    plot.replaceChildren(svg("title", {}, "Synthetic cohort: hazard ratios for " + DATA.endpoint));
    places = [];
    var marks = [];
    shown.forEach(function (row, i) {
      if (row.variable !== before) { y += 22; marks.push(words([12, y], row.variable, { "font-weight": 600 })); before = row.variable; }
      y += 18;
      places.push(y);
      if (i === s.row) marks.push(svg("rect", { id: "fo-chosen", x: 8, y: y - 13, width: W - 16, height: 18, fill: "currentColor", opacity: 0.12 }));
      marks.push(words([22, y], row.level, { "font-size": 12 }));
      if (wide) marks.push(words([left - 6, y], row.n + "/" + row.events, { "font-size": 12, "text-anchor": "end" }));
      if (row.reference) marks.push(svg("circle", { cx: x(1), cy: y - 4, r: 3, fill: "none", stroke: "currentColor" }));
      else if (row.hr !== null && row.lo !== null && row.hi !== null) {
        marks.push(svg("path", { d: "M" + x(row.lo).toFixed(1) + " " + (y - 4) + "H" + x(row.hi).toFixed(1), stroke: "var(--f3-low, #0072b2)", "stroke-width": 2 }));
        [[row.lo < low, low, 5], [row.hi > high, high, -5]].forEach(function (end) { if (end[0]) marks.push(svg("path", { d: "M" + x(end[1]) + " " + (y - 4) + "l" + end[2] + " -4v8Z", fill: "var(--f3-low, #0072b2)" })); });
        if (row.hr >= low && row.hr <= high) marks.push(svg("rect", { x: x(row.hr) - 3.5, y: y - 7.5, width: 7, height: 7, fill: "var(--f3-low, #0072b2)" }));
      }
      if (wide) {
        marks.push(words([right + 10, y], row.reference ? "reference" : row.hr === null ? "–" : interval(row), { "font-size": 12 }));
        if (!row.reference) marks.push(words([W - 10, y], F.p3(row.p), { "font-size": 12, "text-anchor": "end" }));
      }
    });
    F.framed(plot, W, y + 62, "synthetic");
    plot.append.apply(plot, marks);
    plot.append(svg("path", { d: "M" + x(1) + " 36V" + (y + 8), stroke: "currentColor", opacity: 0.6, "stroke-dasharray": "2 3" }));
    plot.append(svg("path", { d: "M" + left + " " + (y + 8) + "H" + right, stroke: "currentColor" }));
    F.marks(low, high, wide ? [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20] : [0.1, 0.3, 1, 3, 10]).forEach(function (hr) { plot.append(words([x(hr), y + 22], hr, { "font-size": 12, "text-anchor": "middle" })); });
    plot.append(words([(left + right) / 2, y + 38], "hazard ratio, log scale", { "font-size": 12, "text-anchor": "middle" }));
    plot.append(words([W - 10, y + 54], "Synthetic cohort: no real patients", { "font-size": 12, "text-anchor": "end" }));
    if (wide) [[left - 6, "n/events", "end"], [right + 10, "hazard ratio (" + DATA.level + "%)", "start"], [W - 10, "p", "end"]].forEach(function (head) { plot.append(words([head[0], 26], head[1], { "font-size": 12, "text-anchor": head[2] })); });
    document.getElementById("fo-model").value = s.model;
    boxes.forEach(function (box, i) { box.checked = s.without.split(".").indexOf(String(i)) < 0; });
    said.textContent = shown.length ? told(shown[s.row]) : "";
    table.replaceChildren(F.tabled(["covariate", "level", "n", "events", "hazard ratio", DATA.level + "% limits", "p"], shown.map(function (row) {
      var none = row.reference || row.hr === null;
      return [row.variable, row.level, row.n, row.events, row.reference ? "1 (reference)" : row.hr === null ? row.reason || "–" : row.hr.toFixed(2), none || row.lo === null || row.hi === null ? "" : row.lo.toFixed(2) + " to " + row.hi.toFixed(2), none ? "" : F.p3(row.p)];
    })));
  }
  F.stepped(plot, function (key) {
    var step = { ArrowUp: -1, ArrowDown: 1, Home: -1e6, End: 1e6 }[key];
    if (!step) return false;
    kept.set({ row: Math.max(0, kept.state.row + step) });
  });
  F.pointed(plot, function (_, y) {
    var near = places.reduce(function (best, place, i) { return Math.abs(place - 4 - y) < Math.abs(places[best] - 4 - y) ? i : best; }, 0);
    if (near !== kept.state.row) kept.set({ row: near });
  });
  window.forest = { rows: function (s) { return rows(clean(Object.assign({}, START, s))); }, state: function () { return kept.state; }, set: kept.set };
  draw();
})();
