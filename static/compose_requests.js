/* The form's requests go one at a time, in the order in which a person asked, and the panel's own last: an answer
   never takes away what was typed or pressed while it was on its way. Whatever a person pressed need not wait for
   the panel, which is drawn after it. */
"use strict";
(() => {
  /* These change nothing that a person can touch, and need not wait. */
  const APART = "#saved, #panel-price, [data-refresh]";
  const isOurs = (asker) => Boolean(asker.closest("#compose")) && !asker.matches(APART);

  const entries = () => [...document.querySelectorAll("#compose :is(input:not([type=hidden]), select, textarea)")];
  const stateOf = (control) => {
    if (control.type === "file") return control.files;
    return ["radio", "checkbox"].includes(control.type) ? control.checked : control.value;
  };
  const isSame = (one, other) =>
    one === other ||
    (one instanceof FileList && other instanceof FileList && one.length === other.length && [...one].every((file, at) => file === other[at]));
  const put = (control, state) => {
    if (control.localName === "select" && ![...control.options].some((option) => option.value === state)) return;
    if (typeof state === "boolean") control.checked = state;
    else if (control.type === "file") control.files = state;
    else control.value = state;
  };

  let going = null, due = false;
  let before = new Map(), late = [];
  const waiting = [];

  /* The panel says of itself whether it shows the form as it stands; where its request comes to nothing, it asks again. */
  const LONGEST = 20_000, AGAIN_AFTER = 10_000;
  let panels = null, isFresh = true, retry = 0;
  const sayWhetherFresh = () => document.getElementById("panel")?.setAttribute("aria-busy", String(!isFresh));
  const askPanel = () => htmx.trigger("#panel", "due");
  const giveWay = () => {
    if (going !== panels || going.readyState === XMLHttpRequest.DONE) return;
    due = true;
    going.abort();
  };

  document.addEventListener("htmx:confirm", (event) => {
    const { elt, triggeringEvent, issueRequest } = event.detail;
    if (!isOurs(elt)) return;
    const isPanel = elt.id === "panel";
    if (isPanel) isFresh = false;
    sayWhetherFresh();
    if (!going) return;
    event.preventDefault();
    if (isPanel) {
      due = true;
      return;
    }
    waiting.push({ elt, cause: triggeringEvent, issueRequest });
    giveWay();
  });
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (!isOurs(detail.elt)) return;
    going = detail.xhr;
    late = [];
    before = new Map(entries().map((control) => [control.id, stateOf(control)]));
    if (detail.elt.id === "panel") {
      clearTimeout(retry);
      panels = going;
      going.timeout = LONGEST;
      /* Given way it ends as an answer that holds nothing; htmx would complain of it in the console. */
      going.onabort = going.onload;
    }
    going.addEventListener("loadend", () => setTimeout(next, htmx.config.defaultSettleDelay));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    /* A textarea drawn larger bears a style, which htmx would copy and our security policy would report. */
    for (const node of detail.target.querySelectorAll("[style]")) node.removeAttribute("style");
    if (detail.xhr !== going) return;
    /* An answer that is not put in says nothing of any success, nor is anything put back after it. */
    if (!detail.xhr.status) event.preventDefault();
    if (!detail.shouldSwap) return;
    if (going === panels) isFresh = !due;
    /* Typed between the request and its answer: the answer does not know of it, so it is put back. */
    const changed = entries().filter((one) => before.has(one.id) && !isSame(before.get(one.id), stateOf(one)));
    late = changed.map((one) => [one.id, stateOf(one)]);
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    sayWhetherFresh();
    if (detail.xhr !== going) return;
    const known = late;
    late = [];
    for (const [id, state] of known) {
      const control = document.getElementById(id);
      if (!control || isSame(state, stateOf(control))) continue;
      put(control, state);
      control.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  /* What was pressed or chosen may stand there anew since, under the same name. */
  const twinOf = (old) =>
    (old.id && document.getElementById(old.id)) ||
    document.querySelector(`#compose [name="${CSS.escape(old.name)}"][value="${CSS.escape(old.value)}"]`);
  const again = ({ elt, cause }) => {
    if (cause?.type === "click") twinOf(elt)?.click();
    if (cause?.type !== "change") return;
    const twin = twinOf(cause.target);
    if (!twin) return;
    put(twin, stateOf(cause.target));
    twin.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const next = () => {
    if (going === panels && !isFresh && !due) retry = setTimeout(askPanel, AGAIN_AFTER);
    going = panels = null;
    while (waiting.length && !going) {
      const deed = waiting.shift();
      if (deed.elt.isConnected) deed.issueRequest();
      else again(deed);
    }
    if (going || !due) return;
    due = false;
    askPanel();
  };

  /* A button that is replaced between press and release is pressed all the same. */
  let held = null;
  document.addEventListener("pointerdown", (event) => { held = event.button === 0 ? event.target.closest("#compose button") : null; });
  document.addEventListener("pointerup", (event) => {
    const twin = held && !held.isConnected && twinOf(held);
    if (twin && twin.contains(event.target)) twin.click();
    held = null;
  });
})();
