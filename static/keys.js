/* Keys for whoever works without a mouse: single letters, only while no field has the focus, and only where wished.
   None leads away from the form, where it would throw away what was typed. */
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const off = dialog.querySelector("[data-keys-off]");
  off.checked = localStorage.getItem("keys") === "off";
  off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));

  const isField = (node) => node.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  const row = () => document.activeElement.closest("main [data-mailing]");
  const walk = (step) => {
    const rows = [...document.querySelectorAll("main [data-mailing]")].filter((one) => one.querySelector("a[href]") && one.getClientRects().length);
    const at = rows.indexOf(row());
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    next?.querySelector("a[href]").focus();
  };
  const search = () => {
    const field = document.querySelector("main form[role=search] input:not([type=hidden])");
    if (field) field.focus();
    else if (dialog.dataset.search) location.assign(dialog.dataset.search);
  };
  const deeds = {
    c: () => dialog.dataset.compose && location.assign(dialog.dataset.compose),
    "/": search,
    j: () => walk(1),
    k: () => walk(-1),
    x: () => row()?.querySelector("[data-select-row]")?.click(),
    "?": () => dialog.showModal(),
  };
  const LEADS_AWAY = ["c", "/"];
  /* Where the keyboard writes another script, its letters count by their place; a stop stands where English has "/". */
  const PLACES = { KeyC: "c", KeyJ: "j", KeyK: "k", KeyX: "x", Slash: "/" };
  const isForeign = (key) => key === "." || /^[^\p{Script=Latin}\p{Script=Common}]$/u.test(key);
  const nameOf = ({ key, code, shiftKey }) => (!shiftKey && isForeign(key) && PLACES[code]) || key;
  document.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    const known = Object.hasOwn(deeds, name) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (!known || dialog.open || event.isComposing || isField(event.target)) return;
    if (off.checked && name !== "?") return;
    if (LEADS_AWAY.includes(name) && document.getElementById("compose")) return;
    event.preventDefault();
    deeds[name]();
  });
})();
