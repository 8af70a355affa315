/* One switch for the folded code of a page, and tables that are searched and sorted. No library, nothing fetched. */
(function () {
  "use strict";
  function kept(value) {
    try {
      if (value === undefined) return localStorage.getItem("supplement-code") === "shown";
      localStorage.setItem("supplement-code", value ? "shown" : "hidden");
    } catch (refused) { /* a browser may keep nothing for file:// */ }
    return value;
  }
  function codeSwitch() {
    document.querySelectorAll("div.cell details.hide > summary").forEach(function (one) {
      one.textContent = one.closest(".tag_setup") ? "Set-up" : "Code";
      one.setAttribute("aria-label", one.textContent + " of this cell");
    });
    var cells = document.querySelectorAll("div.cell:not(.tag_setup) details.hide");
    var title = document.querySelector("article h1");
    if (!cells.length || !title) return;
    var label = document.createElement("label"), box = document.createElement("input");
    label.className = "code-switch";
    box.type = "checkbox";
    box.id = "show-code";
    label.append(box, "Show the code");
    title.after(label);
    function set(shown) {
      cells.forEach(function (one) { one.open = shown; });
      document.documentElement.classList.toggle("code-hidden", !shown);
    }
    box.checked = kept() === true;
    set(box.checked);
    box.addEventListener("change", function () { set(kept(box.checked)); });
  }
  function numbers(table) {
    var body = table.tBodies[0], rows = Array.from(body.rows);
    var tools = document.querySelector(".numbers-tools[data-for='" + table.id + "']");
    var text = tools.querySelector("input"), verdict = tools.querySelector("select"), told = tools.querySelector("output");
    function filter() {
      var words = text.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(function (row) {
        var inside = row.textContent.toLowerCase();
        var good = words.every(function (word) { return inside.includes(word); }) && (!verdict.value || row.dataset.verdict === verdict.value);
        row.hidden = !good;
        shown += good;
      });
      told.textContent = shown + " of " + rows.length + " shown";
    }
    text.addEventListener("input", filter);
    verdict.addEventListener("change", filter);
    table.querySelectorAll("th button").forEach(function (button, column) {
      button.addEventListener("click", function () {
        var head = button.closest("th"), down = head.getAttribute("aria-sort") === "ascending";
        table.querySelectorAll("th").forEach(function (one) { one.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var key = function (row) { var cell = row.cells[column]; return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent; };
        rows.sort(function (a, b) {
          var x = key(a), y = key(b), n = parseFloat(x) - parseFloat(y);
          var order = isNaN(n) ? String(x).localeCompare(String(y)) : n;
          return down ? -order : order;
        });
        body.append.apply(body, rows);
      });
    });
    filter();
  }
  document.querySelectorAll(".search-button-field").forEach(function (one) { one.removeAttribute("aria-label"); }); // its text names it
  document.querySelectorAll("nav details > summary").forEach(function (one) { // the arrow that opens the pages below another
    var page = one.closest("li").querySelector("a");
    one.setAttribute("aria-label", "Pages below " + (page ? page.textContent.trim() : "this one"));
  });
  codeSwitch();
  document.querySelectorAll("table.numbers").forEach(numbers);
})();
