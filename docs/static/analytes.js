/* Markers and cytokines before and after GC: each pair, or medians by day; medians and shares are computed here, tests are those of the notebook. */
(function () {
  "use strict";
  var root = document.getElementById("analytes");
  if (!root) return;
  var F = window.figureParts, el = F.el, svg = F.svg, words = F.words, DATA = F.data("analytes");
  var START = { analyte: 0, day: DATA.days.indexOf(3) < 0 ? DATA.days[0] : 3, view: "pairs", tcz: "all", pair: 0 };
  function clean(raw) {
    var s = { analyte: Math.min(DATA.analytes.length - 1, Math.max(0, Math.floor(+raw.analyte) || 0)), day: DATA.days.indexOf(+raw.day) < 0 ? START.day : +raw.day,
      view: raw.view === "medians" ? "medians" : "pairs", tcz: raw.tcz === "without" ? "without" : "all" };
    s.pair = Math.min(Math.max(0, Math.floor(+raw.pair) || 0), Math.max(0, pairs(s).length - 1));
    return s;
  }
  function pairs(s) { // by the value before, those below a limit first
    return DATA.pairs.filter(function (p) { return p[0] === s.analyte && p[1] === s.day && (s.tcz === "all" || p[6] === 0); })
      .map(function (p) { return { before: p[2], after: p[3], sideBefore: p[4], sideAfter: p[5], tcz: p[6] }; }).sort(function (a, b) { return a.before - b.before || a.after - b.after; });
  }
  function summed(s) {
    var own = pairs(s);
    return { n: own.length, before: F.median(own.map(function (p) { return p.before; })), after: F.median(own.map(function (p) { return p.after; })),
      toldBefore: bounded(own, "before", "sideBefore"), toldAfter: bounded(own, "after", "sideAfter") };
  }
  function bounded(own, value, side) { // a median rises with each of its values, so its bounds are the medians of theirs
    function end(beyond, far) { // not F.median, which takes differences
      var all = own.map(function (p) { return p[side] === beyond ? far : p[value]; }).sort(function (a, b) { return a < b ? -1 : a > b ? 1 : 0; }), n = all.length;
      return (all[Math.floor((n - 1) / 2)] + all[Math.floor(n / 2)]) / 2;
    }
    return middle(F.median(own.map(function (p) { return p[value]; })), end(-1, -Infinity), end(1, Infinity));
  }
  function middle(median, least, most) {
    if (!(least < most)) return number(median);
    return least === -Infinity ? most === Infinity ? "anything" : "at most " + number(most) : most === Infinity ? "at least " + number(least) : number(least) + " to " + number(most);
  }
  function ofDay(c) { return middle(c[2], c[5] === null ? -Infinity : c[5], c[6] === null ? Infinity : c[6]); }
  function number(v) { return v >= 100 ? v.toFixed(0) : String(+v.toPrecision(3)); }
  function value(v, side) { return (side < 0 ? "below " : side > 0 ? "above " : "") + number(v); }
  var kept = F.store(START, clean, draw);
  var plot = svg("svg", { id: "an-plot", role: "application", tabindex: "0", "aria-label": "Values before and after glucocorticoids. Left and right arrows choose a " + DATA.one + "; the values are read out below." });
  var said = el("p", { id: "an-told", "aria-live": "polite" }), sums = el("p", { id: "an-sums", "aria-live": "polite" }), table = F.region("an-table", "All analytes as a table");
  function set(key) { return function (value) { kept.set(Object.fromEntries([[key, value], ["pair", 0]])); }; }
  root.append(el("div", { class: "f3-frame" }, [
    el("div", { class: "f3-controls" }, [
      F.choice("an-analyte", "Analyte", DATA.analytes.map(function (one, i) { return [i, one[0]]; }), set("analyte")),
      F.choice("an-view", "Show", [["pairs", "each " + DATA.one + ", before and after"], ["medians", "medians by day"]], set("view")),
      F.choice("an-day", "After", DATA.days.map(function (day) { return [day, "day " + day + " since GC began"]; }), set("day")),
      F.choice("an-tcz", "Samples", [["all", "all"], ["without", "without those after tocilizumab"]], set("tcz")),
      F.button("an-save", "Save the picture", function () { F.save(plot, "analytes_synthetic.svg"); }),
    ]),
    plot, said, sums, el("details", {}, [el("summary", {}, "All analytes as a table"), table]),
    el("p", { class: "f3-mark" }, "Synthetic cohort: no real patient stands behind any of this."),
  ]));
  var shown = [], x, W, course = [];
  function draw() {
    var s = kept.state, about = DATA.analytes[s.analyte], medians = s.view === "medians";
    shown = pairs(s); course = DATA.course[s.analyte]; W = F.width(root);
    var values = (medians ? course.flatMap(function (c) { return [c[3], c[4]]; }) : shown.flatMap(function (p) { return [p.before, p.after]; })).filter(function (v) { return v > 0; });
    var low = Math.min.apply(null, values.concat([1e9])) / 1.15, high = Math.max.apply(null, values.concat([1e-9])) * 1.15, first = course.length ? course[0][0] : 0, last = course.length ? course[course.length - 1][0] : 1;
    function y(v) { return 300 - 270 * Math.log(Math.max(v, low) / low) / Math.log(high / low); }
    x = medians ? function (day) { return 80 + (W - 110) * (day - first) / Math.max(1, last - first); } : function (side) { return side ? W - 60 : 100; };
    plot.replaceChildren(svg("title", {}, "Synthetic cohort: " + about[0] + " before and after glucocorticoids"));
    F.framed(plot, W, 366, "synthetic");
    plot.append(svg("path", { d: "M64 24V304H" + (W - 14), fill: "none", stroke: "currentColor" }));
    var powers = []; for (var k = -4; k < 7; k++) [1, 2, 5].forEach(function (step) { powers.push(step * Math.pow(10, k)); });
    var ticks = F.marks(low, high, powers);
    if (ticks.length > 9) ticks = ticks.filter(function (v) { return /^1/.test(v.toExponential()); });
    ticks.forEach(function (v) { plot.append(words([58, y(v) + 4], String(+v.toPrecision(3)), { "font-size": 12, "text-anchor": "end" })); });
    plot.append(words([16, 165], about[0] + (about[1] ? ", " + about[1] : "") + ", log scale", { "font-size": 12, "text-anchor": "middle", transform: "rotate(-90 16 165)" }));
    if (medians) {
      course.forEach(function (c) {
        plot.append(svg("path", { d: "M" + x(c[0]).toFixed(1) + " " + y(c[3]).toFixed(1) + "V" + y(c[4]).toFixed(1), stroke: "var(--f3-low, #0072b2)", "stroke-width": 1.5 }));
        plot.append(svg("circle", { cx: x(c[0]), cy: y(c[2]), r: 3.5, fill: c[5] === c[6] ? "var(--f3-low, #0072b2)" : "none", stroke: "var(--f3-low, #0072b2)" }));
      });
      plot.append(svg("path", { d: "M" + course.map(function (c) { return x(c[0]).toFixed(1) + " " + y(c[2]).toFixed(1); }).join("L"), fill: "none", stroke: "var(--f3-low, #0072b2)" }));
      course.filter(function (c) { return c[0] % (W > 560 ? 2 : 5) === 0; }).forEach(function (c) { plot.append(words([x(c[0]), 320], c[0], { "font-size": 12, "text-anchor": "middle" })); });
      plot.append(words([W / 2, 338], "days since GC began; median and quartiles" + (course.some(function (c) { return c[5] !== c[6]; }) ? "; open: only a bound" : ""), { "font-size": 12, "text-anchor": "middle" }));
    } else {
      shown.forEach(function (p) {
        plot.append(svg("path", { d: "M" + x(0) + " " + y(p.before).toFixed(1) + "L" + x(1) + " " + y(p.after).toFixed(1), stroke: p.after < p.before ? "var(--f3-low, #0072b2)" : "var(--f3-high, #c04d00)", opacity: 0.55, "stroke-dasharray": p.after < p.before ? "" : "5 3" }));
        [[0, p.before, p.sideBefore], [1, p.after, p.sideAfter]].forEach(function (one) { plot.append(svg("circle", { cx: x(one[0]), cy: y(one[1]), r: 2.6, fill: one[2] ? "none" : "currentColor", stroke: "currentColor" })); });
      });
      plot.append(words([x(0), 320], "before", { "text-anchor": "middle" }), words([x(1), 320], "day " + s.day, { "text-anchor": "middle" }));
      plot.append(words([W / 2, 338], "solid: lower than before; open: beyond a limit", { "font-size": 12, "text-anchor": "middle" }));
    }
    plot.append(words([W - 10, 356], "Synthetic cohort: no real patients", { "font-size": 12, "text-anchor": "end" }));
    plot.append(svg("path", { id: "an-line", d: "M0 0", stroke: "currentColor", "stroke-width": 3, fill: "none" }));
    ["analyte", "view", "day", "tcz"].forEach(function (key) { document.getElementById("an-" + key).value = s[key]; });
    var own = summed(s), test = DATA.tests[s.analyte + "." + s.day] || [];
    sums.textContent = about[0] + ", day " + s.day + ": n " + own.n + (own.n ? ", median before " + own.toldBefore + ", after " + own.toldAfter : "") + (s.tcz === "all" && test.length ?
      "; after to before " + (test[0] === null ? "–" : test[0].toFixed(2) + (test[1] === null ? "" : " (" + test[1].toFixed(2) + " to " + test[2].toFixed(2) + ")")) + "; " + test[3] + ", p " + F.p3(test[4]) + ", Holm’s over the analytes " + F.p3(test[5]) + "." : test.length ? "; the same test without those after tocilizumab, p " + F.p3(test[6]) + "." : ".");
    table.replaceChildren(F.tabled(["analyte", "n", "median before", "median after", "after to before", "p", "Holm’s p", "p without those after tocilizumab (n)"], DATA.analytes.map(function (one, i) {
      var line = summed({ analyte: i, day: s.day, tcz: s.tcz }), t = DATA.tests[i + "." + s.day] || [null, null, null, "", null, null, null, 0];
      return [one[0], line.n, line.n ? line.toldBefore : "–", line.n ? line.toldAfter : "–", t[0] === null ? "–" : t[0].toFixed(2), F.p3(t[4]), F.p3(t[5]), F.p3(t[6]) + " (" + t[7] + ")"];
    })));
    write(y);
  }
  var height;
  function write(y) {
    height = y || height;
    var s = kept.state, line = document.getElementById("an-line");
    if (s.view === "medians") {
      var c = course[Math.min(s.pair, course.length - 1)];
      if (c) line.setAttribute("d", "M" + x(c[0]).toFixed(1) + " 304v8");
      said.textContent = c ? "Day " + c[0] + " since GC began: n " + c[1] + ", median " + ofDay(c) + ", quartiles " + number(c[3]) + " to " + number(c[4]) + "." : "";
      return;
    }
    var p = shown[s.pair];
    line.setAttribute("d", p ? "M" + x(0) + " " + height(p.before).toFixed(1) + "L" + x(1) + " " + height(p.after).toFixed(1) : "M0 0");
    said.textContent = p ? DATA.one.charAt(0).toUpperCase() + DATA.one.slice(1) + " " + (s.pair + 1) + " of " + shown.length + ": before " + value(p.before, p.sideBefore) + ", day " + s.day + " " + value(p.after, p.sideAfter) + (p.tcz === null ? "" : p.tcz ? ", after tocilizumab" : ", no tocilizumab before") + "." : "No pair of samples.";
  }
  function most() { return Math.max(0, (kept.state.view === "medians" ? course.length : shown.length) - 1); }
  F.stepped(plot, function (key) {
    var step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6 }[key];
    if (!step) return false;
    kept.state.pair = Math.min(most(), Math.max(0, kept.state.pair + step));
    write();
  });
  F.pointed(plot, function (px, py) {
    var near = 0, best = Infinity;
    if (kept.state.view === "medians") course.forEach(function (c, i) { var far = Math.abs(x(c[0]) - px); if (far < best) { best = far; near = i; } });
    else shown.forEach(function (p, i) {
      var share = Math.min(1, Math.max(0, (px - x(0)) / (x(1) - x(0)))), far = Math.abs(height(p.before) + share * (height(p.after) - height(p.before)) - py);
      if (far < best) { best = far; near = i; }
    });
    kept.state.pair = near;
    write();
  });
  window.analytes = { pairs: function (s) { return pairs(clean(Object.assign({}, START, s))); }, summed: function (s) { return summed(clean(Object.assign({}, START, s))); }, state: function () { return kept.state; }, set: kept.set };
  draw();
})();
