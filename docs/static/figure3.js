/* Figure 3 to play with: Kaplan-Meier curves, log-rank tests and Cox models of synthetic patients, computed in the page.
   Plain SVG and no library: the page needs lines, ticks and text, a screen reader can read them, and nothing has to be kept up to date. */
(function () {
  "use strict";
  var MONTH = 30.4375, YEAR = 365.25, GROUPS = ["none", "low", "high"], SHUFFLES = 1000, SEED = 20250829, FEWEST = 10;
  var COLOUR = { none: "var(--f3-none, #000)", low: "var(--f3-low, #0072b2)", high: "var(--f3-high, #c04d00)" };
  var DASH = { none: "", low: "7 3", high: "2 3" };
  var FATES = { paper: "as the paper has it: censored", free: "stayed without event to the end of the study", failed: "all failed when last seen",
    none: "those without GC failed, the others stayed", low: "those at a low dose failed, the others stayed", half: "in between: every second one failed, the others stayed" };

  var root = document.getElementById("figure3");
  if (!root) return;
  var F = window.figureParts, el = F.el, svg = F.svg, words = F.words, p3 = F.p3;
  var DATA = F.data("figure3"), Z = DATA.z;

  // ---------------------------------------------------------------------------------------------------------- numbers
  function erfc(x) { // complementary error function for x >= 0, to the last digits of a double
    if (x < 2.5) {
      var sum = x, term = x;
      for (var n = 1; n < 200; n++) { term *= -x * x / n; var add = term / (2 * n + 1); sum += add; if (Math.abs(add) < 1e-18) break; }
      return 1 - 2 / Math.sqrt(Math.PI) * sum;
    }
    var f = 0;
    for (var k = 120; k > 0; k--) f = k / 2 / (x + f);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
  }
  function twoSided(z) { return erfc(Math.abs(z) / Math.SQRT2); }
  function chi2p(x, df) { return df === 1 ? erfc(Math.sqrt(x / 2)) : Math.exp(-x / 2); } // df 1 or 2
  function solve(matrix, right) { // Gaussian elimination with pivots
    var n = right.length, a = matrix.map(function (row, i) { return row.concat([right[i]]); });
    for (var i = 0; i < n; i++) {
      var p = i;
      for (var r = i + 1; r < n; r++) if (Math.abs(a[r][i]) > Math.abs(a[p][i])) p = r;
      if (Math.abs(a[p][i]) < 1e-12) return null;
      var swap = a[i]; a[i] = a[p]; a[p] = swap;
      for (r = i + 1; r < n; r++) { var f = a[r][i] / a[i][i]; for (var c = i; c <= n; c++) a[r][c] -= f * a[i][c]; }
    }
    var x = new Array(n);
    for (i = n - 1; i >= 0; i--) { x[i] = a[i][n]; for (c = i + 1; c < n; c++) x[i] -= a[i][c] * x[c]; x[i] /= a[i][i]; }
    return x;
  }
  function times(people) { return Array.from(new Set(people.filter(function (p) { return p.e; }).map(function (p) { return p.t; }))).sort(function (a, b) { return a - b; }); }
  function count(people, test) { var n = 0; people.forEach(function (p) { if (test(p)) n++; }); return n; }

  function kaplanMeier(people) {
    var s = 1, v = 0, steps = [{ t: 0, s: 1, lo: 1, hi: 1, v: 0, risk: people.length, d: 0 }];
    times(people).forEach(function (t) {
      var n = count(people, function (p) { return p.t >= t; }), d = count(people, function (p) { return p.t === t && p.e; });
      s *= 1 - d / n;
      v += n > d ? d / (n * (n - d)) : Infinity;
      var half = Z * Math.sqrt(v);
      steps.push({ t: t, s: s, lo: s * Math.exp(-half), hi: Math.min(1, s * Math.exp(half)), v: v, risk: n, d: d });
    });
    return steps;
  }
  function last(people) { return people.reduce(function (most, p) { return Math.max(most, p.t); }, 0); }
  function at(steps, t) { var found = steps[0]; steps.forEach(function (step) { if (step.t <= t) found = step; }); return found; }
  function restrictedMean(steps, tau) { // area under the curve up to tau and its variance
    var area = 0, variance = 0, inside = steps.filter(function (step) { return step.t <= tau; });
    for (var i = inside.length - 1; i >= 0; i--) {
      var end = i + 1 < inside.length ? inside[i + 1].t : tau;
      area += inside[i].s * (end - inside[i].t);
      var n = inside[i].risk, d = inside[i].d;
      if (i && n > d) variance += area * area * d / (n * (n - d));
    }
    return { mean: area, variance: variance };
  }
  function logRank(people, keys) {
    var k = keys.length - 1, u = new Array(k).fill(0), v = keys.slice(1).map(function () { return new Array(k).fill(0); });
    var inside = people.filter(function (p) { return keys.indexOf(p.g) >= 0; });
    times(inside).forEach(function (t) {
      var risk = keys.map(function (g) { return count(inside, function (p) { return p.g === g && p.t >= t; }); });
      var died = keys.map(function (g) { return count(inside, function (p) { return p.g === g && p.t === t && p.e; }); });
      var n = risk.reduce(function (a, b) { return a + b; }), d = died.reduce(function (a, b) { return a + b; });
      for (var i = 0; i < k; i++) {
        u[i] += died[i + 1] - d * risk[i + 1] / n;
        for (var j = 0; j < k; j++) if (n > 1) v[i][j] += d * (n - d) / (n - 1) * ((i === j ? risk[i + 1] / n : 0) - risk[i + 1] * risk[j + 1] / n / n);
      }
    });
    var x = k ? solve(v, u) : null;
    return x ? chi2p(Math.max(0, x.reduce(function (sum, one, i) { return sum + one * u[i]; }, 0)), k) : NaN;
  }
  function cox(people, groups) { // the first group is the reference; one without an event has no finite ratio and takes no part in the others'
    var keys = groups.filter(function (g) { return people.some(function (p) { return p.g === g && p.e; }); });
    if (keys[0] !== groups[0]) return {};
    var k = keys.length - 1, beta = new Array(k).fill(0), inside = people.filter(function (p) { return keys.indexOf(p.g) >= 0; }), info;
    if (!k) return {};
    var moments = times(inside).map(function (t) {
      return keys.map(function (g) {
        return [count(inside, function (p) { return p.g === g && p.t >= t; }), count(inside, function (p) { return p.g === g && p.t === t && p.e; })];
      });
    });
    for (var turn = 0; turn < 60; turn++) {
      var score = new Array(k).fill(0);
      info = keys.slice(1).map(function () { return new Array(k).fill(0); });
      moments.forEach(function (groups) {
        var d = groups.reduce(function (sum, one) { return sum + one[1]; }, 0);
        for (var i = 0; i < k; i++) score[i] += groups[i + 1][1];
        for (var l = 0; l < d; l++) {
          var w = groups.map(function (one, g) { return (one[0] - (DATA.ties === "efron" ? l / d : 0) * one[1]) * (g ? Math.exp(beta[g - 1]) : 1); });
          var sum = w.reduce(function (a, b) { return a + b; });
          for (i = 0; i < k; i++) {
            score[i] -= w[i + 1] / sum;
            for (var j = 0; j < k; j++) info[i][j] += (i === j ? w[i + 1] / sum : 0) - w[i + 1] * w[j + 1] / sum / sum;
          }
        }
      });
      var step = solve(info, score);
      if (!step) return {};
      beta = beta.map(function (b, i) { return b + step[i]; });
      if (Math.max.apply(null, step.map(Math.abs)) < 1e-13) break;
      if (Math.max.apply(null, beta.map(Math.abs)) > 15) return {}; // nor has one whose events all come before or after those at risk of others
    }
    var found = {};
    keys.slice(1).forEach(function (g, i) {
      var unit = new Array(k).fill(0); unit[i] = 1;
      var se = Math.sqrt(solve(info, unit)[i]);
      found[g] = { hr: Math.exp(beta[i]), lo: Math.exp(beta[i] - Z * se), hi: Math.exp(beta[i] + Z * se), p: twoSided(beta[i] / se) };
    });
    return found;
  }
  function random(seed) { // mulberry32
    return function () { seed = seed + 0x6D2B79F5 | 0; var t = Math.imul(seed ^ seed >>> 15, 1 | seed); t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t; return ((t ^ t >>> 14) >>> 0) / 4294967296; };
  }

  function shuffle(list, draw) { // Fisher and Yates, from the end
    for (var i = list.length - 1; i > 0; i--) { var j = Math.floor(draw() * (i + 1)), o = list[i]; list[i] = list[j]; list[j] = o; }
  }

  // ------------------------------------------------------------------------------------------------------------ state
  var START = { endpoint: DATA.endpoint, groups: "none,low,high", cut: DATA.cut, lost: "paper", landmark: 0, cohort: 0, deal: 0, month: 24 };
  function fateKnown(fate) { return Object.prototype.hasOwnProperty.call(FATES, fate) && (DATA.known || fate === "paper" || fate === "failed"); } // without a data cut-off nobody knows how long they would have stayed
  function clean(raw) {
    var s = Object.assign({}, START, raw), number = function (x, low, high, other) { x = parseFloat(x); return isFinite(x) ? Math.min(high, Math.max(low, x)) : other; };
    if (["OS", "PFS", "EFS"].indexOf(s.endpoint) < 0) s.endpoint = START.endpoint;
    if (!fateKnown(s.lost)) s.lost = START.lost;
    s.groups = GROUPS.filter(function (g) { return String(s.groups).split(",").indexOf(g) >= 0; }).join(",") || START.groups;
    s.cut = number(s.cut, 0, 1000, START.cut);
    s.landmark = [0, 11, 30, 60].indexOf(+s.landmark) < 0 ? 0 : +s.landmark;
    s.cohort = Math.floor(number(s.cohort, 0, DATA.cohorts.length - 1, 0));
    s.deal = Math.floor(number(s.deal, 0, 1e6, 0));
    s.month = number(s.month, 0, 72, 24);
    return s;
  }
  function group(dose, cut) { return dose === 0 ? "none" : dose <= cut + 1e-9 ? "low" : "high"; }
  function patients(s) {
    var column = { OS: 2, PFS: 4, EFS: 6 }[s.endpoint], rows = DATA.cohorts[s.cohort].rows, lostSeen = 0;
    var order = rows.map(function (_, i) { return i; });
    if (s.deal) shuffle(order, random(s.deal));
    return rows.map(function (row, place) {
      var fate = rows[order[place]], t = fate[column], e = fate[column + 1], g = group(row[1], s.cut), gone = !e && t < YEAR && t < fate[8];
      if (gone && s.lost !== "paper") {
        lostSeen++;
        var fails = s.lost === "failed" || s.lost === g || (s.lost === "half" && lostSeen % 2 === 1);
        if (fails) e = 1; else t = fate[8];
      }
      return { id: row[0], dose: row[1], g: g, t: t - s.landmark, e: e, gone: gone, left: fate[column] };
    }).filter(function (p) { return p.t > 0; });
  }
  function compute(raw) {
    var s = clean(raw), people = patients(s), keys = GROUPS.filter(function (g) { return people.some(function (p) { return p.g === g; }); });
    var found = { state: s, n: people.length, groups: {}, logrank: {}, cox: cox(people, keys), difference: {}, rmst: {} };
    var tau = 2 * YEAR - s.landmark, area = 24 * MONTH - s.landmark;
    keys.forEach(function (g) {
      var own = people.filter(function (p) { return p.g === g; }), steps = kaplanMeier(own), reach = last(own);
      found.groups[g] = { n: own.length, events: count(own, function (p) { return p.e; }), lost: count(own, function (p) { return p.gone; }), steps: steps,
        last: reach, two: reach >= tau || at(steps, tau).s === 0 ? at(steps, tau) : null, mean: reach >= area || at(steps, area).s === 0 ? restrictedMean(steps, area) : null, people: own };
    });
    found.logrank.all = logRank(people, keys);
    keys.slice(1).forEach(function (g) {
      var a = found.groups[keys[0]], b = found.groups[g];
      found.logrank[g] = logRank(people, [keys[0], g]);
      if (keys[0] === "none" && a.two && b.two) {
        var se = Math.sqrt(a.two.s * a.two.s * a.two.v + b.two.s * b.two.s * b.two.v), d = b.two.s - a.two.s;
        found.difference[g] = { value: 100 * d, lo: 100 * (d - Z * se), hi: 100 * (d + Z * se) };
      }
      if (keys[0] === "none" && a.mean && b.mean) {
        var wide = Z * Math.sqrt(a.mean.variance + b.mean.variance), m = b.mean.mean - a.mean.mean;
        found.rmst[g] = { value: m / MONTH, lo: (m - wide) / MONTH, hi: (m + wide) / MONTH };
      }
    });
    return found;
  }
  function cuts(s) { // p and hazard ratio of low against none at every observed dose
    var doses = Array.from(new Set(DATA.cohorts[s.cohort].rows.map(function (row) { return row[1]; }).filter(Boolean))).sort(function (a, b) { return a - b; });
    return doses.map(function (dose) {
      var people = patients(Object.assign({}, s, { cut: dose })), keys = GROUPS.filter(function (g) { return people.some(function (p) { return p.g === g; }); });
      var model = keys[0] === "none" && keys.indexOf("low") > 0 ? cox(people, keys).low : undefined;
      return { cut: dose, n: count(people, function (p) { return p.g === "low"; }), p: keys[0] === "none" && keys.indexOf("low") > 0 ? logRank(people, ["none", "low"]) : NaN, hr: model ? model.hr : NaN };
    });
  }
  function chiAtSizes(people, orders, sizes) { // log-rank chi-square of the first so many of the treated, in each order, against all untreated
    var treated = people.filter(function (p) { return p.dose > 0; }).sort(function (a, b) { return a.dose - b.dose; });
    var moments = times(people), m = moments.length, risk0 = new Array(m).fill(0), died0 = new Array(m).fill(0);
    function seen(p) { var k = 0; while (k < m && moments[k] <= p.t) k++; return k; } // at risk at the first k times
    people.forEach(function (p) { if (!p.dose) for (var k = seen(p) - 1; k >= 0; k--) { risk0[k]++; if (p.e && moments[k] === p.t) died0[k]++; } });
    var reach = treated.map(seen), event = treated.map(function (p) { return p.e ? moments.indexOf(p.t) : -1; });
    return orders.map(function (order) {
      var risk1 = new Array(m).fill(0), died1 = new Array(m).fill(0), done = 0;
      return sizes.map(function (size) {
        for (; done < size; done++) { var one = order[done]; for (var k = reach[one] - 1; k >= 0; k--) risk1[k]++; if (event[one] >= 0) died1[event[one]]++; }
        var u = 0, v = 0;
        for (k = 0; k < m; k++) {
          var n = risk0[k] + risk1[k], d = died0[k] + died1[k];
          if (n < 2 || !d) continue;
          var share = risk1[k] / n;
          u += died1[k] - d * share; v += d * share * (1 - share) * (n - d) / (n - 1);
        }
        return v > 0 ? u * u / v : 0;
      });
    });
  }
  var remembered = {};
  function shuffled(s) { // the doses of the treated shuffled among them: what the best of all cuts gives by chance (Westfall and Young 1993)
    if (s.lost === "low") return null; // who fails there depends on the cut
    var key = [s.endpoint, s.lost, s.landmark, s.cohort, s.deal].join();
    if (remembered[key]) return remembered[key];
    var people = patients(s), doses = people.map(function (p) { return p.dose; }).filter(Boolean).sort(function (a, b) { return a - b; });
    var at = Array.from(new Set(doses)), sizes = at.map(function (c) { return count(doses, function (d) { return d <= c; }); });
    at = at.filter(function (_, i) { return sizes[i] >= FEWEST; }); sizes = sizes.filter(function (n) { return n >= FEWEST; });
    if (!at.length || doses.length === people.length || !times(people).length) return null;
    var own = doses.map(function (_, i) { return i; }), orders = [own], draw = random(SEED);
    for (var i = 0; i < SHUFFLES; i++) { var next = own.slice(); shuffle(next, draw); orders.push(next); }
    var chi = chiAtSizes(people, orders, sizes), most = function (row) { return Math.max.apply(null, row); };
    var best = most(chi[0]), reached = count(chi.slice(1), function (row) { return most(row) >= best * (1 - 1e-12); });
    var ranked = sizes.map(function (_, j) { return chi.slice(1).map(function (row) { return row[j]; }).sort(function (a, b) { return b - a; }); });
    var at5 = Math.floor(SHUFFLES / 20) - 1, at50 = SHUFFLES / 2 - 1;
    return remembered[key] = { cuts: at, p: chi[0].map(function (x) { return chi2p(x, 1); }), low: ranked.map(function (r) { return chi2p(r[at5], 1); }), median: ranked.map(function (r) { return chi2p(r[at50], 1); }),
      least: chi2p(best, 1), at: at[chi[0].indexOf(best)], corrected: (1 + reached) / (1 + SHUFFLES), treated: doses.length };
  }

  // ------------------------------------------------------------------------------------------------------------- page
  var kept = F.store(START, clean, draw), dealt = { tries: 0, under: 0 }, W = 700;
  function mg(cut) { return String(Math.round(cut * 100) / 100); }
  function ratio(x) { return x ? F.ratio(x.hr, x.lo, x.hi) : "–"; }
  function signed(x, digits) { return x.toFixed(digits).replace("-", "−"); }
  function range(x, digits) { return x ? signed(x.value, digits) + " (" + signed(x.lo, digits) + " to " + signed(x.hi, digits) + ")" : "–"; }
  function name(g, cut) { return { none: "no GC", low: "low, up to " + mg(cut) + " mg/kg", high: "high, over " + mg(cut) + " mg/kg" }[g]; }
  var BRIEF = { none: "no GC", low: "low", high: "high" };
  function set(change) { kept.set(change); }
  function select(key, label, options) { return F.choice("f3-" + key, label, options, function (value) { set(Object.fromEntries([[key, value]])); }); }

  var plot = svg("svg", { role: "application", tabindex: "0", "aria-label": "Survival curves. Left and right arrows move the time; the numbers are read out below.", id: "f3-plot" });
  var cutPlot = svg("svg", { role: "img", id: "f3-cuts", "aria-label": "p-value of low dose against none at every cut, above, and the hazard ratio, below; the slider moves the cut" });
  var told = el("p", { id: "f3-told", "aria-live": "polite" }), cutTold = el("p", { id: "f3-cut-told", "aria-live": "polite" });
  var results = F.region("f3-results", "Results"), table = F.region("f3-table", "The curves as a table"), cutTable = F.region("f3-cut-table", "The cuts as a table");
  var icons = el("div", { id: "f3-icons" });
  var boxes = GROUPS.map(function (g) {
    var box = el("input", { type: "checkbox", id: "f3-show-" + g });
    box.addEventListener("change", function () { set({ groups: GROUPS.filter(function (one, i) { return boxes[i].checked; }).join(",") }); });
    return box;
  });
  var slider = el("input", { type: "range", id: "f3-cut", min: "0", step: "1" });
  var before = null;
  slider.addEventListener("input", function () { moveCut(cutDoses()[+slider.value]); });
  function moveCut(next) {
    var was = kept.state.cut;
    if (next === was) return;
    before = DATA.cohorts[kept.state.cohort].rows.filter(function (row) { return row[1] && group(row[1], was) !== group(row[1], next); }).map(function (row) { return row[0]; });
    set({ cut: next });
  }
  function cutDoses() { return Array.from(new Set(DATA.cohorts[kept.state.cohort].rows.map(function (row) { return row[1]; }).filter(Boolean).concat([DATA.cut]))).sort(function (a, b) { return a - b; }); }

  root.append(
    el("div", { class: "f3-frame" }, [
      el("div", { class: "f3-controls" }, [
        select("endpoint", "Endpoint", [["OS", "overall survival"], ["PFS", "progression-free survival"], ["EFS", "event-free survival"]]),
        select("lost", "What became of the lost", Object.entries(FATES).filter(function (one) { return fateKnown(one[0]); })),
        select("landmark", "Clock starts on day", [[0, "0, " + (DATA.origin === "infusion" ? "the infusion" : DATA.origin)], [11, "11"], [30, "30"], [60, "60"]]),
        select("cohort", "Cohort", DATA.cohorts.map(function (one, i) { return [i, one.name]; })),
        F.button("f3-deal", "Shuffle outcomes", function () {
          set({ deal: kept.state.deal + 1 });
          dealt.tries++; dealt.under += shown.logrank.low < 0.05; write();
        }),
        F.button("f3-reset", "As the paper", function () { dealt = { tries: 0, under: 0 }; before = null; set(START); }),
        F.button("f3-save", "Save the picture", function () { F.save(plot, "figure3_synthetic.svg"); }),
      ]),
      el("div", { class: "f3-controls" }, GROUPS.map(function (g, i) { return el("label", { class: "f3-key f3-" + g }, [boxes[i], " " + { none: "no GC", low: "low dose", high: "high dose" }[g]]); })),
      plot, told, results,
      el("h3", {}, "Where the dose is cut"), cutPlot,
      el("label", { class: "f3-wide" }, ["Cut between low and high ", slider]), cutTold,
      F.button("f3-save-cuts", "Save this picture", function () { F.save(cutPlot, "figure3_cuts_synthetic.svg"); }),
      el("details", {}, [el("summary", {}, "The cuts as a table"), cutTable]),
      el("h3", { id: "f3-of-100" }, ""), icons,
      el("details", {}, [el("summary", {}, "The curves as a table"), table]),
      el("p", { class: "f3-mark" }, "Synthetic cohort: no real patient stands behind any of this."),
    ]));

  var shown, scan;
  function draw() {
    var state = kept.state;
    W = F.width(root);
    shown = compute(state);
    scan = cuts(state);
    ["endpoint", "lost", "landmark", "cohort"].forEach(function (key) { document.getElementById("f3-" + key).value = state[key]; });
    boxes.forEach(function (box, i) { box.checked = state.groups.split(",").indexOf(GROUPS[i]) >= 0; });
    curves(); dose(); write();
  }
  function visible() { return kept.state.groups.split(",").filter(function (g) { return shown.groups[g]; }); }
  function x(month) { return 60 + month * (W - 80) / 72; }
  function y(s) { return 300 - s * 280; }
  function curves() {
    var state = kept.state, months = [0, 12, 24, 36, 48, 60, 72], middle = W / 2 + 20;
    plot.replaceChildren(svg("title", {}, "Synthetic cohort: " + state.endpoint + " by dose of glucocorticoids"));
    F.framed(plot, W, 436, "synthetic");
    plot.append(svg("path", { d: "M60 20V300H" + (W - 20), fill: "none", stroke: "currentColor" }));
    [0, 25, 50, 75, 100].forEach(function (s) { plot.append(words([52, y(s / 100) + 4], s, { "text-anchor": "end" })); });
    plot.append(words([16, 165], state.endpoint + ", %", { "text-anchor": "middle", transform: "rotate(-90 16 165)" }));
    months.forEach(function (m) { plot.append(words([x(m), 317], m, { "text-anchor": "middle" })); });
    plot.append(words([middle, 334], "months from day " + state.landmark + "; at risk below", { "text-anchor": "middle" }));
    visible().forEach(function (g, line) {
      var one = shown.groups[g], d = "M" + x(0) + " " + y(1), top = "", reach = Math.min(one.last / MONTH, 72);
      one.steps.forEach(function (step, i) {
        var m = Math.min(step.t / MONTH, 72);
        d += "H" + x(m).toFixed(1) + "V" + y(step.s).toFixed(1);
        top += (i ? "H" + x(m).toFixed(1) + "V" : "M" + x(m).toFixed(1) + " ") + y(step.hi).toFixed(1);
        if (i === one.steps.length - 1) { d += "H" + x(reach).toFixed(1); top += "H" + x(reach).toFixed(1); }
      });
      plot.append(svg("path", { d: top + band(one, reach) + "Z", fill: COLOUR[g], opacity: 0.12, stroke: "none" }));
      plot.append(svg("path", { d: d, fill: "none", stroke: COLOUR[g], "stroke-width": 2.4, "stroke-dasharray": DASH[g] }));
      one.people.forEach(function (p) {
        if (p.e || p.t / MONTH > 72) return;
        plot.append(svg("path", { d: "M" + x(p.t / MONTH).toFixed(1) + " " + (y(at(one.steps, p.t).s) - 4).toFixed(1) + "v8", stroke: COLOUR[g], "stroke-width": 1.2 }));
      });
      months.forEach(function (m) {
        plot.append(words([x(m), 356 + 18 * line], count(one.people, function (p) { return p.t >= m * MONTH; }), { "text-anchor": "middle", fill: COLOUR[g] }));
      });
      plot.append(words([6, 356 + 18 * line], BRIEF[g], { "font-size": 12, fill: COLOUR[g] }));
    });
    plot.append(words([W - 10, 424], "Synthetic cohort: no real patients", { "text-anchor": "end", "font-size": 12 }));
    plot.append(svg("path", { id: "f3-line", d: "M" + x(state.month) + " 20V300", stroke: "currentColor", "stroke-dasharray": "3 3" }));
  }
  function band(one, reach) { // the lower limit, from the right to the left
    var d = "", end = reach;
    for (var i = one.steps.length - 1; i >= 0; i--) {
      var m = Math.min(one.steps[i].t / MONTH, 72);
      d += (i === one.steps.length - 1 ? "L" + x(end).toFixed(1) + " " + y(one.steps[i].lo).toFixed(1) : "V" + y(one.steps[i].lo).toFixed(1)) + "H" + x(m).toFixed(1);
    }
    return d;
  }
  function px(dose) { return 60 + (W - 80) * Math.log(1 + dose) / Math.log(1 + DATA.most); }
  function py(p) { return 20 + 50 * Math.min(3, Math.max(0, -Math.log10(Math.max(p, 1e-3)))); }
  function hy(hr) { return 270 - 45 * Math.log(Math.min(4, Math.max(0.25, hr))) / Math.log(4); }
  function dose() {
    var state = kept.state, chance = shuffled(state);
    cutPlot.replaceChildren(svg("title", {}, "Synthetic cohort: low dose against none at every cut"));
    F.framed(cutPlot, W, 394, "synthetic");
    if (chance) {
      var upper = chance.cuts.map(function (c, i) { return px(c).toFixed(1) + " " + py(chance.median[i]).toFixed(1); });
      var lower = chance.cuts.map(function (c, i) { return px(c).toFixed(1) + " " + py(chance.low[i]).toFixed(1); }).reverse();
      cutPlot.append(svg("path", { d: "M" + upper.concat(lower).join("L") + "Z", fill: "currentColor", opacity: 0.15 }));
    }
    [1, 0.1, 0.05, 0.01, 0.001].forEach(function (p) {
      cutPlot.append(words([54, py(p) + 4], p, { "text-anchor": "end", "font-size": 12 }));
      cutPlot.append(svg("path", { d: "M60 " + py(p) + "H" + (W - 20), stroke: "currentColor", opacity: p === 0.05 ? 0.8 : 0.2, "stroke-dasharray": "2 3" }));
    });
    [0.25, 0.5, 1, 2, 4].forEach(function (hr) {
      cutPlot.append(words([54, hy(hr) + 4], hr, { "text-anchor": "end", "font-size": 12 }));
      cutPlot.append(svg("path", { d: "M60 " + hy(hr) + "H" + (W - 20), stroke: "currentColor", opacity: hr === 1 ? 0.8 : 0.2, "stroke-dasharray": "2 3" }));
    });
    scan.forEach(function (one) {
      if (isFinite(one.p)) cutPlot.append(svg("circle", { cx: px(one.cut), cy: py(one.p), r: 3, fill: COLOUR.low }));
      if (isFinite(one.hr)) cutPlot.append(svg("path", { d: "M" + (px(one.cut) - 3).toFixed(1) + " " + hy(one.hr).toFixed(1) + "l3 -3 3 3 -3 3Z", fill: COLOUR.low }));
    });
    DATA.cohorts[state.cohort].rows.forEach(function (row) { if (row[1]) cutPlot.append(svg("path", { d: "M" + px(row[1]).toFixed(1) + " 336v10", stroke: COLOUR[group(row[1], state.cut)], "stroke-width": 1.4 })); });
    cutPlot.append(svg("path", { d: "M" + px(state.cut).toFixed(1) + " 14V348", stroke: F.FRAME, "stroke-width": 2 }));
    cutPlot.append(words([16, 100], "log-rank p", { "font-size": 12, "text-anchor": "middle", transform: "rotate(-90 16 100)" }));
    cutPlot.append(words([16, 270], "hazard ratio", { "font-size": 12, "text-anchor": "middle", transform: "rotate(-90 16 270)" }));
    cutPlot.append(words([W - 10, 364], "a tick for each " + DATA.one + " given GC, in mg/kg, log scale", { "text-anchor": "end", "font-size": 12 }));
    cutPlot.append(words([W - 10, 382], "Synthetic cohort: no real patients", { "text-anchor": "end", "font-size": 12 }));
    var doses = cutDoses();
    slider.max = doses.length - 1;
    slider.value = doses.reduce(function (best, d, i) { return d <= state.cut + 1e-9 ? i : best; }, 0);
    slider.setAttribute("aria-valuetext", mg(state.cut) + " mg/kg");
    cutTold.textContent = "Cut at " + mg(state.cut) + " mg/kg: p " + p3(shown.logrank.low === undefined ? NaN : shown.logrank.low) + ", hazard ratio of low against none " + ratio(shown.cox.low) + ". " +
      (chance ? "Least p over the cuts with at least " + FEWEST + " " + DATA.many + " at a low dose: " + p3(chance.least) + " at " + mg(chance.at) + " mg/kg. With the doses of the " + chance.treated + " treated shuffled among them " + SHUFFLES + " times, the least p was as small in " +
        (100 * chance.corrected).toFixed(1) + "% (corrected p " + p3(chance.corrected) + "); the grey band holds the shuffled p from the middle one down to the smallest 5%. " : "There is no shuffled band here: " + (state.lost === "low" ? "who is taken to have failed depends on the cut. " : "too few children at a low dose. ")) +
      (DATA.search && state.endpoint === DATA.endpoint && state.lost === "paper" && !state.landmark && !state.cohort && !state.deal ? "With all doses, none included, shuffled among all " + DATA.many + ", as notebook 08 does, the corrected p is " + p3(DATA.search.corrected_p) + ". " : "") +
      (before && before.length ? "Changed side: " + before.join(", ") + "." : "");
    cutTable.replaceChildren(F.tabled(["cut, mg/kg", "n, low dose", "log-rank p", "hazard ratio, low against none"], scan.map(function (one) { return [mg(one.cut), one.n, p3(one.p), isFinite(one.hr) ? one.hr.toFixed(2) : "–"]; })));
  }
  function write() {
    var state = kept.state, days = state.month * MONTH;
    document.getElementById("f3-line").setAttribute("d", "M" + x(state.month) + " 20V300");
    told.textContent = state.month.toFixed(1).replace(".0", "") + " months: " + visible().map(function (g) {
      var one = shown.groups[g], step = at(one.steps, days), risk = count(one.people, function (p) { return p.t >= days; });
      return BRIEF[g] + " " + (days > one.last && step.s > 0 ? "no longer followed" : (100 * step.s).toFixed(1) + "% (" + (100 * step.lo).toFixed(1) + " to " + (100 * step.hi).toFixed(1) + ")") +
        ", at risk " + risk + ", events " + count(one.people, function (p) { return p.e && p.t <= days; }) + ", lost so far " + count(one.people, function (p) { return p.gone && p.left - state.landmark <= days; });
    }).join("; ") + ".";
    var head = ["", "n", "events", "lost in year 1", "hazard ratio", "log-rank p", "at two years, %", "difference at two years, % points", "months without the event gained by month 24"];
    var rows = GROUPS.filter(function (g) { return shown.groups[g]; }).map(function (g) {
      var one = shown.groups[g];
      return [name(g, state.cut), one.n, one.events, one.lost, g === "none" ? "1" : ratio(shown.cox[g]), g === "none" ? "" : p3(shown.logrank[g]), one.two ? (100 * one.two.s).toFixed(1) : "–",
        g === "none" ? "" : range(shown.difference[g], 1), g === "none" ? "" : range(shown.rmst[g], 1)];
    });
    results.replaceChildren(F.tabled(head, rows), el("p", {}, "All groups, log-rank p " + p3(shown.logrank.all) + ". " + (state.landmark ? shown.n + " of " + DATA.cohorts[state.cohort].rows.length + " still at risk after day " + state.landmark + "; the dose is that of all 30 days. " : "") +
      (state.deal ? "Outcomes were shuffled among the " + DATA.many + ", so that the dose has nothing to do with them. " : "") + (dealt.tries ? "p of low against none under 0.05 in " + dealt.under + " of " + dealt.tries + " shuffles." : "")));
    document.getElementById("f3-of-100").textContent = "Of 100 " + DATA.many + " " + (state.landmark ? "at risk after day " + state.landmark + ", " : "") + "two years after " + (DATA.origin === "infusion" ? "the infusion" : DATA.origin);
    icons.replaceChildren.apply(icons, GROUPS.filter(function (g) { return shown.groups[g] && shown.groups[g].two; }).map(function (g) {
      var well = Math.round(100 * shown.groups[g].two.s), picture = svg("svg", { viewBox: "0 0 204 104", role: "img", "aria-label": name(g, state.cut) + ": " + well + " of 100 without the event" });
      for (var i = 0; i < 100; i++) picture.append(svg("circle", { cx: 6 + i % 20 * 10, cy: 8 + Math.floor(i / 20) * 20, r: 4, fill: i < well ? COLOUR[g] : "none", stroke: COLOUR[g] }));
      return el("figure", {}, [picture, el("figcaption", {}, name(g, state.cut) + ": " + well + " of 100 without the event (synthetic)")]);
    }));
    table.replaceChildren(F.tabled(["months", "group", "survival, %", DATA.level + "% limits", "at risk", "events so far", "lost so far"], [0, 6, 12, 24, 36, 48, 60].flatMap(function (m) {
      return visible().map(function (g) {
        var one = shown.groups[g], step = at(one.steps, m * MONTH), beyond = m * MONTH > one.last && step.s > 0;
        return [m, BRIEF[g], beyond ? "–" : (100 * step.s).toFixed(1), beyond ? "–" : (100 * step.lo).toFixed(1) + " to " + (100 * step.hi).toFixed(1),
          count(one.people, function (p) { return p.t >= m * MONTH; }), count(one.people, function (p) { return p.e && p.t <= m * MONTH; }), count(one.people, function (p) { return p.gone && p.left - state.landmark <= m * MONTH; })];
      });
    })));
  }
  F.stepped(plot, function (key) {
    var step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -6, PageUp: 6 }[key], edge = { Home: 0, End: 72 }[key];
    if (step === undefined && edge === undefined) return false;
    set({ month: edge === undefined ? kept.state.month + step : edge });
  });
  F.pointed(plot, function (px) {
    kept.state.month = Math.round(10 * Math.min(72, Math.max(0, (px - 60) * 72 / (W - 80)))) / 10;
    write();
  });
  var dragging = false; // the line of the cut follows the pointer, from dose to dose
  function drag(event) {
    var box = cutPlot.getBoundingClientRect(), at = (event.clientX - box.left) * W / box.width;
    moveCut(cutDoses().reduce(function (best, d) { return Math.abs(px(d) - at) < Math.abs(px(best) - at) ? d : best; }));
  }
  cutPlot.addEventListener("pointerdown", function (event) { dragging = true; drag(event); });
  cutPlot.addEventListener("pointermove", function (event) { if (dragging) drag(event); });
  window.addEventListener("pointerup", function () { dragging = false; });
  window.addEventListener("pointercancel", function () { dragging = false; });
  window.figure3 = { compute: compute, cuts: function (s) { return cuts(clean(s)); }, shuffled: function (s) { return shuffled(clean(s)); }, patients: function (s) { return patients(clean(s)); }, state: function () { return kept.state; }, set: set };
  draw();
})();
