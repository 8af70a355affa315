/* What the figures in the pages share: plain SVG, tables, a state that lives in the address, pictures to take away. No library. */
(function () {
  "use strict";
  var FRAME = "#b5460f";
  function filled(node, attributes) {
    Object.entries(attributes || {}).forEach(function (pair) { node.setAttribute(pair[0], pair[1]); });
    return node;
  }
  function el(name, attributes, inside) {
    var node = filled(document.createElement(name), attributes);
    [].concat(inside === undefined ? [] : inside).forEach(function (one) { node.append(one); });
    return node;
  }
  function svg(name, attributes, text) {
    var node = filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
    if (text !== undefined) node.textContent = text;
    return node;
  }
  function words(at, text, more) { return svg("text", Object.assign({ x: at[0], y: at[1], "font-size": 13, fill: "currentColor" }, more), text); }
  function tabled(head, rows) {
    return el("table", { class: "numbers-plain" }, [el("thead", {}, el("tr", {}, head.map(function (one) { return el("th", { scope: "col" }, one); }))),
      el("tbody", {}, rows.map(function (row) { return el("tr", {}, row.map(function (one) { return el("td", {}, String(one)); })); }))]);
  }
  function region(id, label) { return el("div", { id: id, class: "wide", tabindex: "0", role: "region", "aria-label": label }); }
  function button(id, text, act) { var b = el("button", { type: "button", id: id }, text); b.addEventListener("click", act); return b; }
  function choice(id, label, options, change) {
    var select = el("select", { id: id }, options.map(function (o) { return el("option", { value: o[0] }, o[1]); }));
    select.addEventListener("change", function () { change(select.value); });
    return el("label", {}, [label + " ", select]);
  }
  function p3(p) { return p === null || !isFinite(p) ? "–" : p < 0.001 ? "<0.001" : p.toFixed(3); }
  function ratio(hr, lo, hi) { return hr.toFixed(2) + " (" + lo.toFixed(2) + " to " + (hi > 999 ? hi.toPrecision(2) : hi.toFixed(2)) + ")"; }
  function width(root) { return Math.max(320, Math.min(700, Math.round(root.clientWidth || 700) - 30)); } // a telephone gets fewer units, not smaller letters
  function framed(plot, w, h, mark) { // the dashed frame and the words across: part of the picture, also of one that is taken away
    plot.setAttribute("viewBox", "0 0 " + w + " " + h);
    if (!mark) return;
    plot.append(svg("rect", { x: 2, y: 2, width: w - 4, height: h - 4, fill: "none", stroke: FRAME, "stroke-width": 3, "stroke-dasharray": "10 5" }));
    plot.append(svg("text", { x: w / 2, y: h / 2, "text-anchor": "middle", "font-size": w / 9, fill: "#777", opacity: 0.18, transform: "rotate(-18 " + w / 2 + " " + h / 2 + ")" }, mark));
  }
  function save(plot, name) {
    var copy = plot.cloneNode(true), size = plot.viewBox.baseVal;
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("color", "#000");
    copy.prepend(svg("rect", { width: size.width, height: size.height, fill: "#fff" }));
    copy.prepend(svg("style", {}, "svg { font-family: sans-serif; }"));
    el("a", { href: URL.createObjectURL(new Blob([copy.outerHTML], { type: "image/svg+xml" })), download: name }).click();
  }
  function store(start, clean, draw) { // the state of a page: what differs from the start stands in the address
    function read() { return clean(Object.assign({}, start, Object.fromEntries(new URLSearchParams(location.hash.slice(1))))); }
    var kept = { state: read(), set: function (change) {
      kept.state = clean(Object.assign({}, start, kept.state, change));
      var parts = Object.keys(start).filter(function (key) { return String(kept.state[key]) !== String(start[key]); })
        .map(function (key) { return key + "=" + encodeURIComponent(kept.state[key]); });
      history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
      draw();
    } };
    window.addEventListener("hashchange", function () { kept.state = read(); draw(); });
    var wait;
    window.addEventListener("resize", function () { clearTimeout(wait); wait = setTimeout(draw, 100); });
    return kept;
  }
  function stepped(plot, moves) { // keys of a plot: moves(key) does what the key says, or returns false
    plot.addEventListener("keydown", function (event) { if (moves(event.key) !== false) event.preventDefault(); });
  }
  function pointed(plot, moved) { // the pointer, in units of the picture
    plot.addEventListener("pointermove", function (event) {
      var box = plot.getBoundingClientRect(), size = plot.viewBox.baseVal;
      moved((event.clientX - box.left) * size.width / box.width, (event.clientY - box.top) * size.height / box.height);
    });
  }
  function median(values) { return quantile(values, 0.5); }
  function quantile(values, q) { // as numpy and R's type 7
    if (!values.length) return NaN;
    var s = values.slice().sort(function (a, b) { return a - b; }), at = q * (s.length - 1), low = Math.floor(at);
    return s[low] + (at - low) * ((low + 1 < s.length ? s[low + 1] : s[low]) - s[low]);
  }
  function data(id) { return JSON.parse(document.getElementById(id + "-data").textContent); }
  function marks(low, high, all) { return all.filter(function (one) { return one >= low && one <= high; }); }
  window.figureParts = { el: el, svg: svg, words: words, tabled: tabled, region: region, button: button, choice: choice, p3: p3, ratio: ratio, width: width, framed: framed,
    save: save, store: store, stepped: stepped, pointed: pointed, median: median, quantile: quantile, data: data, marks: marks, FRAME: FRAME };
})();
