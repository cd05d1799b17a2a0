// Menus and confirmations are <details>; scripts close them as one expects: Escape, or a press elsewhere.

const OPEN = "details.menu-wrap[open], details.confirm[open]";

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(OPEN))
    if (!open.contains(event.target)) open.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest(OPEN) ?? document.querySelector(OPEN);
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
