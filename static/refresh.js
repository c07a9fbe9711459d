/* Parts of a page that refresh themselves while the tab is seen, without a jump; it is said when they cannot. */
"use strict";
(() => {
  const words = JSON.parse(document.getElementById("refresh-words")?.textContent || "null");
  const notice = document.getElementById("freshness");
  const voice = document.getElementById("announcements");
  if (!words || !notice || !voice) return;

  const asked = new WeakMap();
  let fresh = new Date();
  const look = () => {
    if (document.visibilityState !== "visible") return;
    for (const part of document.querySelectorAll("[data-refresh]")) {
      const since = asked.get(part);
      if (since !== undefined && Date.now() - since < part.dataset.refresh * 1000) continue;
      asked.set(part, Date.now());
      if (since !== undefined) htmx.trigger(part, "refresh");
    }
  };
  look();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);

  const say = (text) => {
    const clock = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: words.zone };
    const told = text.replace("{time}", fresh.toLocaleTimeString(document.documentElement.lang, clock));
    if (notice.textContent !== told) notice.textContent = told;
    notice.hidden = false;
    document.body.classList.add("is-stale");
  };
  /* The part that asked; once it is replaced, the event itself names what is round it. */
  const isPart = (event) => event.detail.requestConfig?.elt.matches("[data-refresh]");
  /* The panel of the form is asked for by what is typed, and tries again by itself. */
  const isTold = (event) => isPart(event) || event.detail.requestConfig?.elt.id === "panel";
  /* A login that has run out answers with its own page, from another address. */
  const strayed = ({ xhr, pathInfo }) =>
    Boolean(xhr.responseURL) && new URL(xhr.responseURL).pathname !== new URL(pathInfo.requestPath, location).pathname;

  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => isTold(event) && say(words.stale));
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isTold(event) || !event.detail.successful || strayed(event.detail)) return;
    fresh = new Date();
    notice.hidden = true;
    document.body.classList.remove("is-stale");
  });

  /* What is being read stays where it is: the first thing with a name below the window's edge. */
  let place = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isPart(event)) return;
    if (strayed(event.detail)) {
      event.detail.shouldSwap = false;
      say(words.login);
      return;
    }
    const named = [...document.querySelectorAll("main [id]")];
    const first = named.find((node) => node.getClientRects().length && node.getBoundingClientRect().top >= 0);
    place = first && window.scrollY ? { id: first.id, top: first.getBoundingClientRect().top } : null;
  });

  const said = new Map();
  const listen = () => {
    const news = [];
    for (const node of document.querySelectorAll("[data-announce]")) {
      const text = node.dataset.announce;
      if (said.has(node.id) && said.get(node.id) !== text && text) news.push(text);
      said.set(node.id, text);
    }
    if (news.length) voice.textContent = news.slice(0, 3).join(". ");
  };
  listen();
  document.addEventListener("htmx:afterSettle", () => {
    const node = place && document.getElementById(place.id);
    if (node) window.scrollBy(0, node.getBoundingClientRect().top - place.top);
    place = null;
    listen();
  });
})();
