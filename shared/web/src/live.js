// Keeps a progress page up to date, and tells the portal the device's time zone. Only reads: every request is a GET of the page's
// own address. Without it the page has a link that does the same.
"use strict";
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    document.cookie = `mooring-zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax`;
  }
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();

  const live = document.querySelector("[data-live]");
  if (!live) return;
  const said = document.getElementById("live-said");
  const SOONEST = 5000;
  const LATEST = 30000;
  let pause = SOONEST;
  let timer = 0;

  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, pause);
  };

  const look = async () => {
    try {
      const state = await fetch(location.pathname, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!state.ok) throw new Error(`status ${state.status}`);
      const { changed } = await state.json();
      if (changed !== live.dataset.live) {
        const page = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
        const next = new DOMParser().parseFromString(await page.text(), "text/html");
        const fresh = next.querySelector("[data-live]");
        if (fresh) {
          // What a person has unfolded stays unfolded, and the focus stays where it is if its element is still there.
          const focused = document.activeElement && document.activeElement.id;
          const open = [...live.querySelectorAll("details[open][id]")].map((details) => details.id);
          live.replaceChildren(...fresh.childNodes);
          live.dataset.live = fresh.dataset.live;
          document.title = next.title;
          for (const id of open) document.getElementById(id)?.setAttribute("open", "");
          if (focused) document.getElementById(focused)?.focus();
          const banner = live.querySelector("[data-banner]");
          if (said && banner) said.textContent = banner.textContent;
        }
        pause = SOONEST;
      } else {
        pause = Math.min(LATEST, pause * 1.5);
      }
      if (live.dataset.over === "true") return;
    } catch {
      pause = LATEST;
    }
    plan();
  };

  document.addEventListener("visibilitychange", () => {
    pause = SOONEST;
    plan();
  });
  plan();
})();
