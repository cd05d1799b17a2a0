// Menus and confirmations are <details>; scripts close them as one expects: Escape, or a press elsewhere.

const OPEN = "details.menu-wrap[open], details.confirm[open]";

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(OPEN))
    if (!open.contains(event.target)) open.open = false;
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = document.activeElement;
  const menu = step && here?.matches("a, button") && here.closest("details.menu-wrap[open] > .menu");
  if (menu) {
    const all = [...menu.querySelectorAll("a, button")];
    all[(all.indexOf(here) + step + all.length) % all.length]?.focus();
    return event.preventDefault();
  }
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest(OPEN) ?? document.querySelector(OPEN);
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// An address that ends in the name of a form which is out of the way brings it forward.
function bring() {
  const panel = document.getElementById(location.hash.slice(1));
  if (!panel?.matches("details.panel")) return;
  panel.open = true;
  panel.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}
// Once it has loaded: the browser looks for the place itself until then, and takes the focus away.
addEventListener("load", () => setTimeout(bring));
addEventListener("hashchange", bring);
