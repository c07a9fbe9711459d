/* Runs before the page is drawn: colours without a flash, and the browser's time zone for the server. */
"use strict";
(() => {
  let choice = "auto";
  try {
    choice = localStorage.getItem("theme") || "auto";
  } catch {
    /* storage may be forbidden: follow the system */
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (wanted) => {
    const theme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.dataset.theme = wanted;
  };
  apply(choice);
  dark.addEventListener("change", () => apply(document.documentElement.dataset.theme));
  window.mailroomTheme = (wanted) => {
    try {
      localStorage.setItem("theme", wanted);
    } catch {
      /* then it lasts for this page */
    }
    apply(wanted);
  };

  const zoned = () => /(^|; )timezone=/.test(document.cookie);
  if (!zoned()) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) {
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `timezone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;
    }
    /* This page was made without knowing the zone: once more, if the cookie was kept, and nothing was posted. */
    document.addEventListener("DOMContentLoaded", () => {
      const made = document.querySelector("[data-zone]")?.dataset.zone;
      if (made && zone && made !== zone && zoned()) location.reload();
    });
  }
})();
