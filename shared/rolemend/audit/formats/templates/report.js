// Filter, sort and language of the report. Without it every finding is shown, in the order of the report.
"use strict";
(() => {
  const zh = document.getElementById("language-zh");
  const speak = () => {
    document.documentElement.lang = zh.checked ? "zh-CN" : "en";
    for (const option of document.querySelectorAll("option")) {
      option.textContent = zh.checked ? option.dataset.zh : option.dataset.en;
    }
  };
  document.querySelector(".languages").addEventListener("change", speak);
  speak();

  const table = document.getElementById("findings");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const form = document.getElementById("filter");
  const controls = Array.from(form.querySelectorAll("[data-filter]"));
  const shown = document.getElementById("shown");
  const told = new Map();
  const words = (row) => {
    if (!told.has(row)) told.set(row, row.textContent.toLowerCase());
    return told.get(row);
  };
  const passes = (row) => controls.every(({ value, dataset: { filter } }) =>
    !value || (filter === "search" ? words(row).includes(value.toLowerCase()) : row.dataset[filter] === value));
  const filter = () => {
    let count = 0;
    for (const row of rows) {
      row.hidden = !passes(row);
      if (!row.hidden) count += 1;
    }
    shown.textContent = String(count);
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  const ranks = {
    answer: ["failed", "unknown", "passed", "not_applicable"],
    state: ["new", "open", "accepted", "fixed", ""],
    severity: ["critical", "high", "medium", "low", "info"],
  };
  const key = (row, name, column) => {
    const order = ranks[name];
    return order ? order.indexOf(row.dataset[name]) : row.cells[column].textContent.trim().toLowerCase();
  };
  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, key(row, head.dataset.sort, column)]));
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    rows.sort((a, b) => (down ? -1 : 1) * order(keys.get(a), keys.get(b)));
    body.append(...rows);
  };
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, column));
  });
})();
