/* Every defensible model of one question: points by hazard ratio, what each chose below, and where the median lies if the dose is dealt anew. */
(function () {
  "use strict";
  var root = document.getElementById("specifications");
  if (!root) return;
  var F = window.figureParts, el = F.el, svg = F.svg, words = F.words, DATA = F.data("specifications");
  var CHOICES = [["endpoint", "Endpoint", DATA.endpoints], ["patients", "Patients", DATA.patients], ["contrast", "Exposed", DATA.contrasts]];
  var START = { endpoint: "any", patients: "any", contrast: "any", adjusted: "", model: 0 }; // adjusted: a sign for each covariate, x in, o out, - either
  function clean(raw) {
    var s = { adjusted: DATA.covariates.map(function (_, i) { var sign = String(raw.adjusted)[i]; return sign === "x" || sign === "o" ? sign : "-"; }).join("").replace(/^-+$/, "") };
    CHOICES.forEach(function (one, k) { s[one[0]] = raw[one[0]] !== "any" && +raw[one[0]] >= 0 && +raw[one[0]] < one[2].length ? Math.floor(+raw[one[0]]) : "any"; });
    s.model = Math.min(Math.max(0, Math.floor(+raw.model) || 0), Math.max(0, chosen(s).length - 1));
    return s;
  }
  function chosen(s) {
    return DATA.models.filter(function (m) {
      return CHOICES.every(function (one, k) { return s[one[0]] === "any" || m[k] === s[one[0]]; }) &&
        DATA.covariates.every(function (_, i) { var sign = s.adjusted[i]; return sign === "x" ? m[3] >> i & 1 : sign === "o" ? !(m[3] >> i & 1) : true; });
    });
  }
  function summed(models) {
    var ratios = models.map(function (m) { return m[6]; });
    return { models: models.length, median: Math.exp(F.median(ratios)), favour: models.filter(function (m) { return m[6] < 0; }).length / models.length,
      significant: models.filter(function (m) { return m[6] < 0 && m[7] < DATA.alpha; }).length / models.length, low: Math.exp(F.quantile(ratios, 0.025)), high: Math.exp(F.quantile(ratios, 0.975)) };
  }
  function adjusted(m) { return DATA.covariates.filter(function (_, i) { return m[3] >> i & 1; }).join(", ") || "nothing"; }
  function percent(x) { return (100 * x).toFixed(1) + "%"; }
  var kept = F.store(START, clean, draw);
  var plot = svg("svg", { id: "sp-plot", role: "application", tabindex: "0", "aria-label": "Hazard ratios of all models, sorted. Left and right arrows choose a model; what it chose is read out below." });
  var said = el("p", { id: "sp-told", "aria-live": "polite" }), sums = el("p", { id: "sp-sums", "aria-live": "polite" }), table = F.region("sp-table", "The choices as a table");
  root.append(el("div", { class: "f3-frame" }, [
    el("div", { class: "f3-controls" }, CHOICES.map(function (one) {
      return F.choice("sp-" + one[0], one[1], [["any", "any"]].concat(one[2].map(function (label, i) { return [i, label]; })), function (value) { kept.set(Object.fromEntries([[one[0], value], ["model", 0]])); });
    }).concat([F.button("sp-reset", "All models", function () { kept.set(START); }), F.button("sp-save", "Save the picture", function () { F.save(plot, "specifications_synthetic.svg"); })])),
    el("fieldset", { class: "f3-controls" }, [el("legend", {}, "Adjusted for")].concat(DATA.covariates.map(function (name, i) {
      return F.choice("sp-adjusted-" + i, name, [["-", "either"], ["x", "yes"], ["o", "no"]], function (value) {
        var signs = DATA.covariates.map(function (_, j) { return j === i ? value : kept.state.adjusted[j] || "-"; });
        kept.set({ adjusted: signs.join(""), model: 0 });
      });
    }))),
    plot, said, sums, el("details", {}, [el("summary", {}, "The choices as a table"), table]),
    el("p", { class: "f3-mark" }, "Synthetic cohort: no real patient stands behind any of this."),
  ]));
  var shown = [], x, W;
  function draw() {
    var s = kept.state;
    shown = chosen(s);
    W = F.width(root);
    var left = W > 560 ? 190 : 130, lines = CHOICES.flatMap(function (one, k) { return one[2].map(function (label, i) { return [label, function (m) { return m[k] === i; }]; }); })
      .concat(DATA.covariates.map(function (name, i) { return [name, function (m) { return m[3] >> i & 1; }]; }));
    var all = DATA.models.map(function (m) { return m[6]; }).concat(DATA.band, [0]), low = Math.min.apply(null, all) - 0.1, high = Math.max.apply(null, all) + 0.1;
    x = function (i) { return left + (W - 14 - left) * (i + 0.5) / Math.max(1, shown.length); };
    function y(log) { return 240 - 220 * (log - low) / (high - low); }
    plot.replaceChildren(svg("title", {}, "Synthetic cohort: hazard ratio of every model"));
    F.framed(plot, W, 300 + 15 * lines.length, "synthetic");
    plot.append(svg("rect", { id: "sp-band", x: left, y: y(DATA.band[1]), width: W - 14 - left, height: y(DATA.band[0]) - y(DATA.band[1]), fill: "currentColor", opacity: 0.15 }));
    F.marks(Math.exp(low), Math.exp(high), [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5]).forEach(function (hr) {
      plot.append(words([left - 6, y(Math.log(hr)) + 4], hr, { "font-size": 12, "text-anchor": "end" }));
      plot.append(svg("path", { d: "M" + left + " " + y(Math.log(hr)).toFixed(1) + "H" + (W - 14), stroke: "currentColor", opacity: hr === 1 ? 0.8 : 0.15 }));
    });
    plot.append(words([16, 130], "hazard ratio, log scale", { "font-size": 12, "text-anchor": "middle", transform: "rotate(-90 16 130)" }));
    [false, true].forEach(function (hit) {
      var d = "", r = shown.length < 300 ? 3 : 1.5;
      shown.forEach(function (m, i) { if (m[7] < DATA.alpha === hit) d += "M" + (x(i) - r).toFixed(1) + " " + y(m[6]).toFixed(1) + "a" + r + " " + r + " 0 1 0 " + 2 * r + " 0a" + r + " " + r + " 0 1 0 " + -2 * r + " 0"; });
      plot.append(svg("path", { d: d || "M0 0", fill: hit ? "var(--f3-high, #c04d00)" : "var(--f3-low, #0072b2)" }));
    });
    plot.append(words([left, 262], "p < " + DATA.alpha, { "font-size": 12, fill: "var(--f3-high, #c04d00)" }), words([left + 70, 262], "p ≥ " + DATA.alpha, { "font-size": 12, fill: "var(--f3-low, #0072b2)" }));
    lines.forEach(function (line, k) {
      var top = 272 + 15 * k, d = "";
      shown.forEach(function (m, i) { if (line[1](m)) d += "M" + x(i).toFixed(1) + " " + top + "v9"; });
      plot.append(words([left - 6, top + 9], line[0], { "font-size": W > 560 ? 12 : 10, "text-anchor": "end" }), svg("path", { d: d || "M0 0", stroke: "currentColor", "stroke-width": Math.max(0.3, Math.min(3, (W - 14 - left) / Math.max(1, shown.length) * 0.8)).toFixed(2) }));
    });
    plot.append(words([W - 10, 292 + 15 * lines.length], "Synthetic cohort: no real patients", { "font-size": 12, "text-anchor": "end" }));
    plot.append(svg("path", { id: "sp-line", d: "M0 0", stroke: "currentColor", "stroke-dasharray": "3 3", "data-height": 272 + 15 * lines.length }));
    CHOICES.forEach(function (one) { document.getElementById("sp-" + one[0]).value = s[one[0]]; });
    DATA.covariates.forEach(function (_, i) { document.getElementById("sp-adjusted-" + i).value = s.adjusted[i] || "-"; });
    var own = summed(shown);
    sums.textContent = shown.length ? shown.length + " of " + DATA.models.length + " models: median hazard ratio " + own.median.toFixed(2) + " (95% of models " + own.low.toFixed(2) + " to " + own.high.toFixed(2) + "), below 1 in " + percent(own.favour) + ", below 1 with p < " + DATA.alpha + " in " + percent(own.significant) +
      ". Grey: 95% of the medians of all models in " + DATA.deals + " shuffles of the doses (" + Math.exp(DATA.band[0]).toFixed(2) + " to " + Math.exp(DATA.band[1]).toFixed(2) + "). Against those shuffles the median of all models has p " + F.p3(DATA.p_median) + ", the number below 1 with p < " + DATA.alpha + " has p " + F.p3(DATA.p_significant) + "; with " + DATA.deals + " shuffles no p can be smaller than " + F.p3(1 / (1 + DATA.deals)) + "." : "No model makes these choices.";
    table.replaceChildren(F.tabled(["choice", "models", "median hazard ratio", "below 1 with p < " + DATA.alpha], lines.map(function (line) {
      var part = shown.filter(line[1]), of = summed(part);
      return [line[0], part.length, part.length ? of.median.toFixed(2) : "–", part.length ? percent(of.significant) : "–"];
    })));
    write();
  }
  function write() {
    var m = shown[kept.state.model], line = document.getElementById("sp-line");
    if (!m) { said.textContent = ""; line.setAttribute("d", "M0 0"); return; }
    line.setAttribute("d", "M" + x(kept.state.model).toFixed(1) + " 14V" + line.dataset.height);
    said.textContent = "Model " + (kept.state.model + 1) + " of " + shown.length + ": hazard ratio " + Math.exp(m[6]).toFixed(2) + ", p " + F.p3(m[7]) + "; " + DATA.endpoints[m[0]] + ", " + DATA.patients[m[1]] + " (n " + m[4] + ", events " + m[5] + "), " + DATA.contrasts[m[2]] + ", adjusted for " + adjusted(m) + ".";
  }
  F.stepped(plot, function (key) {
    var step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -50, PageUp: 50, Home: -1e6, End: 1e6 }[key];
    if (!step) return false;
    kept.set({ model: Math.max(0, kept.state.model + step) });
  });
  F.pointed(plot, function (px) {
    if (!shown.length) return;
    var share = (px - x(0)) / (x(1) - x(0));
    kept.state.model = Math.min(shown.length - 1, Math.max(0, Math.round(share)));
    write();
  });
  window.specifications = { chosen: function (s) { return chosen(clean(Object.assign({}, START, s))); }, summed: function (s) { return summed(chosen(clean(Object.assign({}, START, s)))); }, state: function () { return kept.state; }, set: kept.set };
  draw();
})();
