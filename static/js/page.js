/* Behaviour of the frame: menus, chart or table, rows that open, copy, print, dropping files, what htmx reports.
   Everything here improves HTML that works without it. */
(() => {
  "use strict";
  const toast = (words) => {
    const box = document.getElementById("o-toast");
    if (!box) return;
    box.textContent = words;
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => { box.textContent = ""; }, 2200);
  };

  /* ---- menus are <details>: one open at a time, closed by Escape, by a click outside, by tabbing away */
  const openMenus = () => document.querySelectorAll(".o-menu[open]");
  const closeMenus = (except) => { for (const menu of openMenus()) if (menu !== except) menu.open = false; };
  const items = (menu) => [...menu.querySelectorAll(".o-menu-box :is(a, button, input, select)")].filter((item) => item.offsetParent);
  const step = (menu, by) => {
    const list = items(menu);
    if (!list.length) return;
    const now = list.indexOf(document.activeElement);
    list[now < 0 ? (by > 0 ? 0 : list.length - 1) : (now + by + list.length) % list.length].focus();
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest(".o-menu")));
  document.addEventListener("focusin", (event) => {
    if (openMenus().length) closeMenus(event.target.closest(".o-menu"));
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".o-menu");
    if (event.key === "Escape" && openMenus().length) {
      const open = openMenus()[0];
      open.open = false;
      open.querySelector("summary").focus();
    } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches("select, input[type=date]")) {
      event.preventDefault();
      menu.open = true;
      step(menu, event.key === "ArrowDown" ? 1 : -1);
    }
  });

  /* ---- chart or table: two views of the same rows */
  const show = (button) => {
    const panel = button.closest(".o-panel");
    panel.querySelector("[data-view]").dataset.view = button.dataset.viewChoice;
    for (const other of panel.querySelectorAll("[data-view-choice]")) other.setAttribute("aria-pressed", String(other === button));
    document.dispatchEvent(new CustomEvent("outlay:shown", { detail: panel }));
  };
  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      toast("Link copied");
    } catch {
      toast("The browser did not allow copying; the address bar has the link");
    }
  };
  /* a row opens what its first link opens; selecting text in it does not */
  const openRow = (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label, summary") || String(getSelection())) return;
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href);
    else location.assign(row.dataset.href);
  };
  document.addEventListener("click", (event) => {
    const view = event.target.closest("[data-view-choice]");
    if (view) show(view);
    else if (event.target.closest("[data-print]")) (window.outlayCharts?.ready() ?? Promise.resolve()).then(() => window.print());
    else if (event.target.closest("[data-copy-link]")) copyLink();
    else openRow(event);
  });

  /* ---- a form with data-drop takes files that are dropped on it, and sends itself when it has some */
  const zone = (event) => event.target.closest?.("[data-drop]");
  const send = (form) => {
    form.classList.add("o-chosen");
    const count = form.querySelector("input[type=file]").files.length;
    const words = form.querySelector("[data-drop-words]");
    if (words) words.textContent = count === 1 ? "Sending one file" : `Sending ${count} files`;
    form.requestSubmit();
  };
  for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => {
    if (!zone(event)) return;
    event.preventDefault();
    zone(event).classList.add("o-over");
  });
  for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, (event) => zone(event)?.classList.remove("o-over"));
  document.addEventListener("drop", (event) => {
    const form = zone(event);
    if (!form || !event.dataTransfer.files.length) return;
    event.preventDefault();
    form.querySelector("input[type=file]").files = event.dataTransfer.files;
    send(form);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-drop] input[type=file]") && event.target.files.length) send(zone(event));
  });

  /* ---- htmx: a panel that did not arrive says so in its own box, with a way to try again */
  document.addEventListener("htmx:error", (event) => {
    const source = event.detail?.ctx?.sourceElement;
    const panel = source?.closest?.("[data-panel]");
    if (!panel) return;
    const words = panel.querySelector(".o-answer") || panel;
    words.setAttribute("role", "alert");
    words.textContent = "This part did not arrive: the server could not be reached. Reload the page to try again.";
    panel.classList.remove("o-wait");
  });
})();
