// The keys of the inbox. Everything they do, a button or a link on the page does too.
"use strict";

(() => {
  const inbox = document.getElementById("inbox");
  const help = document.getElementById("help");
  const status = document.getElementById("told");
  const alerts = () => (inbox.matches(".alert") ? [inbox] : [...inbox.querySelectorAll(".alert:not([hidden])")]);
  let current = inbox.matches(".alert") ? inbox : null;
  let undo = null;

  const select = (alert) => {
    if (!alert) return;
    if (current) current.classList.remove("current");
    current = alert;
    current.classList.add("current");
    current.focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const all = alerts();
    const place = all.indexOf(current);
    select(all[place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + by))]);
  };

  const send = async (form, state) => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("state", state);
    const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || `The page answered ${answer.status}.`);
    for (const [state, count] of Object.entries(told.counts)) {
      const shown = document.querySelector(`[data-count="${state}"]`);
      if (shown) shown.textContent = count.toLocaleString("en");
    }
  };

  const say = (text) => {
    status.textContent = text;
    status.classList.remove("unseen");
  };

  const mark = async (alert, state) => {
    const before = alert.dataset.state;
    if (before === state) return;
    const alone = alert === inbox;
    try {
      await send(alert.querySelector(".marks"), state);
    } catch (error) {
      say(error.message);
      return;
    }
    if (alone) {
      location.reload();
      return;
    }
    const all = alerts();
    const next = all[all.indexOf(alert) + 1] || all[all.indexOf(alert) - 1];
    undo = { alert, before };
    alert.dataset.state = state;
    alert.hidden = true;
    say(`${alert.querySelector("h2").textContent}: ${state}. Undo with u.`);
    if (next) select(next);
  };

  const takeBack = async () => {
    if (!undo) return;
    const { alert, before } = undo;
    try {
      await send(alert.querySelector(".marks"), before);
    } catch (error) {
      say(`Not undone: ${error.message}`);
      return;
    }
    undo = null;
    alert.dataset.state = before;
    alert.hidden = false;
    say("Undone.");
    select(alert);
  };

  const open = (link) => link && location.assign(link.href);
  const states = { s: "seen", d: "dismissed", f: "false", n: "new" };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: () => current && open(current.querySelector("h1 a, h2 a")),
    u: takeBack,
    "?": () => help && help.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (help && help.open)) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "Enter" && event.target === current) {
      event.preventDefault();
      open(current.querySelector(".open"));
    } else if (event.key in states && current) {
      event.preventDefault();
      mark(current, states[event.key]);
    } else if (event.key in keys) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  document.addEventListener("submit", (event) => {
    const alert = event.target.closest(".alert");
    if (!alert || !event.target.matches(".marks") || !event.submitter) return;
    event.preventDefault();
    mark(alert, event.submitter.value);
  });

  inbox.addEventListener("focusin", (event) => {
    const alert = event.target.closest(".alert");
    if (!alert || alert === current) return;
    if (current) current.classList.remove("current");
    current = alert;
    current.classList.add("current");
  });

  const button = document.getElementById("keys");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
})();
