/* Our own few lines: ages that go on counting, the theme switch, selecting rows, menus that close. */
"use strict";
(() => {
  const words = JSON.parse(document.getElementById("age-words")?.textContent || "null");

  /* The same steps as mailings/wording/moments.py. */
  const age = (seconds) => {
    const past = seconds >= 0;
    const span = Math.abs(seconds);
    if (past && span < 5) return words.now;
    const [unit, size] = span < 60 ? ["s", 1] : span < 3600 ? ["min", 60] : span < 129600 ? ["h", 3600] : ["d", 86400];
    return (past ? words.ago : words.ahead)[unit].replace("{n}", Math.floor(span / size));
  };
  const tick = () => {
    for (const node of document.querySelectorAll("time[data-age]")) {
      const text = age((Date.now() - Date.parse(node.dateTime)) / 1000);
      const shown = node.firstElementChild;
      if (shown && shown.textContent !== text) shown.textContent = text;
    }
  };
  if (words) setInterval(tick, 1000);

  const showTheme = () => {
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === document.documentElement.dataset.theme));
    }
  };
  showTheme();

  const countSelected = () => {
    const rows = [...document.querySelectorAll("[data-select-row]")];
    const chosen = rows.filter((row) => row.checked).length;
    for (const node of document.querySelectorAll("[data-selected-count]")) node.textContent = chosen;
    for (const node of document.querySelectorAll("[data-needs-selection]")) node.disabled = chosen === 0;
    const all = document.querySelector("[data-select-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === rows.length;
      all.indeterminate = chosen > 0 && chosen < rows.length;
    }
  };
  countSelected();

  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-set-theme]");
    if (theme) {
      window.mailroomTheme(theme.dataset.setTheme);
      showTheme();
    }
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  /* A number typed into the search of mailings is posted to its person's page: it may stand in no address. */
  const NUMBER = /^\+?(?:[\s().-]*[0-9]){10,}[\s().-]*$/;
  document.addEventListener("submit", (event) => {
    const typed = event.target.elements.namedItem("q")?.value.trim();
    const toPerson = document.getElementById("to-person");
    if (!toPerson || !NUMBER.test(typed)) return;
    event.preventDefault();
    toPerson.elements.number.value = typed;
    toPerson.requestSubmit();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) {
      for (const row of document.querySelectorAll("[data-select-row]")) row.checked = event.target.checked;
    }
    if (event.target.matches("[data-select-all], [data-select-row]")) countSelected();
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  /* A row that refreshes itself keeps its tick. */
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const old = event.detail.target.querySelector("[data-select-row]");
    const fresh = event.detail.fragment.querySelector("[data-select-row]");
    if (old && fresh) fresh.checked = old.checked;
  });
  document.addEventListener("htmx:afterSettle", countSelected);
})();
