/* Light, dark or as the system says: decided before the first paint, so this file is not deferred.
   The choice is kept in this browser. Others listen for "outlay:theme" on the document. */
(() => {
  "use strict";
  const KEY = "outlay-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try { return localStorage.getItem(KEY) || "auto"; } catch { return "auto"; } /* storage may be blocked */
  };
  const resolve = (choice) => (choice === "auto" ? (system.matches ? "dark" : "light") : choice);
  const mark = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === read()));
  };
  const apply = (name) => {
    root.dataset.bsTheme = name;
    mark();
    document.dispatchEvent(new CustomEvent("outlay:theme"));
  };

  root.classList.add("js");
  root.dataset.bsTheme = resolve(read());
  document.addEventListener("DOMContentLoaded", mark);
  system.addEventListener("change", () => { if (read() === "auto") apply(resolve("auto")); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem(KEY, button.dataset.themeChoice); } catch { /* then it lasts for this page */ }
    apply(resolve(button.dataset.themeChoice));
  });
})();
