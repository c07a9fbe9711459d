/* A heading goes into the text where the cursor is; without scripts its button puts it behind the text. */
"use strict";
document.addEventListener("click", (event) => {
  const chip = event.target.closest("button[data-insert]");
  const text = document.getElementById("id_mes");
  if (!chip || !text) return;
  event.preventDefault();
  text.focus();
  text.setRangeText(`{${chip.dataset.insert}}`, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
});
