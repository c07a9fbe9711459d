/* What htmx cannot do: count what is typed, put a notice away, open the sheet of a telephone, and a fold that a link leads into. */
"use strict";
(() => {
  /* Every change has a number, so that a saving held up on its way puts no older letters over newer ones. */
  let changes = 0;
  const count = (more) => {
    const field = document.querySelector("#compose [name=version]");
    if (!field) return;
    const [seen, name, number] = field.value.split(".");
    changes = Math.max(changes, Number(number) || 0) + more;
    field.value = `${seen}.${name}.${changes}`;
  };
  for (const kind of ["input", "change"])
    document.addEventListener(kind, (event) => { if (event.target.form?.id === "compose") count(1); }, true);
  document.addEventListener("htmx:afterSettle", () => count(0));

  document.addEventListener("click", (event) => event.target.closest("[data-put-away]")?.closest(".alert").remove());

  /* Ctrl+Enter leads to the review, where nothing is sent yet. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = event.target.closest("#compose")?.querySelector("button[name=action][value=review]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* On a telephone the panel is a sheet over the form: the bar opens it, Escape closes it. */
  const root = document.documentElement;
  root.classList.add("has-sheet");
  const sayWhetherOpen = () => document.getElementById("sheet-toggle")?.setAttribute("aria-expanded", String(root.classList.contains("sheet-open")));
  document.addEventListener("htmx:afterSettle", sayWhetherOpen);
  /* A price that a worker brought stands in the panel; the bar says it, too. */
  document.addEventListener("htmx:afterSettle", () => {
    const price = document.getElementById("panel-price"), bar = document.getElementById("bar-price");
    if (price && bar) bar.textContent = price.dataset.bar.trim();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#sheet-toggle")) return;
    if (root.classList.toggle("sheet-open")) document.getElementById("sheet").focus();
    sayWhetherOpen();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.classList.contains("sheet-open")) return;
    root.classList.remove("sheet-open");
    sayWhetherOpen();
    document.getElementById("sheet-toggle").focus();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#errors a");
    const control = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!control) return;
    event.preventDefault();
    root.classList.toggle("sheet-open", Boolean(control.closest("#sheet")));
    sayWhetherOpen();
    for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    control.focus();
  });
})();
