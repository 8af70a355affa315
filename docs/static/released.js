/* Curves of real patients from released results only: whole months, coarse steps, rounded counts. */
(function () {
  "use strict";
  var root = document.getElementById("released");
  if (!root) return;
  var F = window.figureParts, el = F.el, svg = F.svg, words = F.words, DATA = F.data("released");
  var endpoints = Array.from(new Set(DATA.curves.map(function (one) { return one.endpoint; })));
  var COLOURS = ["var(--f3-none, #000)", "var(--f3-low, #0072b2)", "var(--f3-high, #c04d00)", "#777"], DASHES = ["", "7 3", "2 3", "9 2 2 2"];
  var grouped = DATA.curves.some(function (one) { return one.group !== "all"; });
  var START = { endpoint: endpoints.indexOf("PFS") < 0 ? endpoints[0] : "PFS", by: grouped ? "groups" : "all", month: 12 };
  function clean(raw) {
    var month = parseFloat(raw.month);
    return { endpoint: endpoints.indexOf(raw.endpoint) < 0 ? START.endpoint : raw.endpoint, by: raw.by === "all" || !grouped ? "all" : "groups", month: isFinite(month) ? Math.min(120, Math.max(0, Math.round(month))) : START.month };
  }
  function curves(s) {
    var own = DATA.curves.filter(function (one) { return one.endpoint === s.endpoint; }), groups = own.filter(function (one) { return one.group !== "all"; });
    return s.by === "groups" && groups.length ? groups : own.filter(function (one) { return one.group === "all"; });
  }
  var kept = F.store(START, clean, draw), shown, W, last;
  var plot = svg("svg", { id: "re-plot", role: "application", tabindex: "0", "aria-label": "Survival curves at whole months. Left and right arrows move the time; the numbers are read out below." });
  var said = el("p", { id: "re-told", "aria-live": "polite" }), compared = el("p", { id: "re-compared" }), table = F.region("re-table", "The curves as a table"), models = F.region("re-models", "Hazard ratios as a table");
  root.append(el("div", { class: "f3-frame released" }, [
    el("div", { class: "f3-controls" }, [
      F.choice("re-endpoint", "Endpoint", endpoints.map(function (one) { return [one, one]; }), function (value) { kept.set({ endpoint: value }); }),
      F.choice("re-by", "Curves of", (grouped ? [["groups", DATA.exposure + " groups"]] : []).concat([["all", "all patients"]]), function (value) { kept.set({ by: value }); }),
      F.button("re-save", "Save the picture", function () { F.save(plot, "survival_released.svg"); }),
    ]), plot, said, compared, el("details", {}, [el("summary", {}, "The curves as a table"), table]), el("details", {}, [el("summary", {}, "Hazard ratios"), models]),
  ]));
  function x(month) { return 60 + month * (W - 80) / last; }
  function y(s) { return 300 - s * 280; }
  function draw() {
    var s = kept.state;
    shown = curves(s); W = F.width(root);
    last = Math.max.apply(null, shown.map(function (one) { return one.month[one.month.length - 1]; }).concat([12]));
    plot.replaceChildren(svg("title", {}, s.endpoint + ", released aggregates"));
    F.framed(plot, W, 362 + 18 * shown.length, "");
    plot.append(svg("path", { d: "M60 20V300H" + (W - 20), fill: "none", stroke: "currentColor" }));
    [0, 25, 50, 75, 100].forEach(function (v) { plot.append(words([52, y(v / 100) + 4], v, { "text-anchor": "end" })); });
    plot.append(words([16, 165], s.endpoint + ", %", { "text-anchor": "middle", transform: "rotate(-90 16 165)" }));
    for (var m = 0; m <= last; m += 12) plot.append(words([x(m), 317], m, { "text-anchor": "middle" }));
    plot.append(words([W / 2 + 20, 334], "months; released aggregates", { "text-anchor": "middle" }));
    shown.forEach(function (one, i) {
      var d = one.month.map(function (month, k) { return (k ? "H" + x(month).toFixed(1) + "V" : "M" + x(month).toFixed(1) + " ") + y(one.survival[k]).toFixed(1); }).join("");
      plot.append(svg("path", { d: d, fill: "none", stroke: COLOURS[i % 4], "stroke-width": 2.4, "stroke-dasharray": DASHES[i % 4] }));
      plot.append(words([60, 356 + 18 * i], one.group, { fill: COLOURS[i % 4], "font-size": 12 }));
      plot.append(svg("path", { d: "M12 " + (352 + 18 * i) + "h40", stroke: COLOURS[i % 4], "stroke-width": 2.4, "stroke-dasharray": DASHES[i % 4] }));
    });
    plot.append(svg("path", { id: "re-line", d: "M0 0", stroke: "currentColor", "stroke-dasharray": "3 3" }));
    document.getElementById("re-endpoint").value = s.endpoint;
    document.getElementById("re-by").value = s.by;
    var tests = DATA.comparisons.filter(function (one) { return one.endpoint === s.endpoint; });
    compared.textContent = tests.map(function (one) { return one.test + " test of " + one.comparison + ": p " + one.p + "."; }).join(" ");
    table.replaceChildren(F.tabled(["month", "group", s.endpoint + ", %", "at risk, rounded"], shown.flatMap(function (one) {
      return one.month.map(function (month, k) { return [month, one.group, (100 * one.survival[k]).toFixed(0), one.at_risk[k]]; }).filter(function (row) { return row[0] % 6 === 0; });
    })));
    models.replaceChildren(DATA.models.length ? F.tabled(["model", "covariate", "level", "n, rounded", "events, rounded", "hazard ratio", "limits", "p"], DATA.models.map(function (one) {
      return [one.model, one.variable, one.level, one.n, one.events, one.hr.toFixed(2), one.low === null ? "" : one.low.toFixed(2) + " to " + one.high.toFixed(2), one.p];
    })) : el("p", {}, "No model rests on enough patients to be released."));
    write();
  }
  function write() {
    var month = kept.state.month;
    document.getElementById("re-line").setAttribute("d", "M" + x(Math.min(month, last)) + " 20V300");
    said.textContent = month + " months: " + shown.map(function (one) {
      var k = one.month.indexOf(month);
      return one.group + " " + (k < 0 ? "too few at risk to say" : (100 * one.survival[k]).toFixed(0) + "%, about " + one.at_risk[k] + " at risk");
    }).join("; ") + ".";
  }
  F.stepped(plot, function (key) {
    var step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -6, PageUp: 6, Home: -1e6, End: 1e6 }[key];
    if (!step) return false;
    kept.set({ month: Math.min(last, Math.max(0, kept.state.month + step)) });
  });
  F.pointed(plot, function (px) { kept.state.month = Math.round(Math.min(last, Math.max(0, (px - 60) * last / (W - 80)))); write(); });
  window.released = { curves: function (s) { return curves(clean(Object.assign({}, START, s))); }, state: function () { return kept.state; }, set: kept.set };
  draw();
})();
