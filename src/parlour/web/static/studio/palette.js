// Find or do: a field over what fits, from anywhere by Ctrl K or ⌘K. The server finds; arrows choose.

const palette = document.getElementById("palette");
const field = palette?.querySelector("input");
const list = document.getElementById("palette-list");
const told = document.getElementById("palette-told");
const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
let came;

function open() {
  if (palette.open || document.querySelector("dialog[open]")) return;
  came = document.activeElement;
  field.value = "";
  palette.showModal();
  field.focus();
  field.dispatchEvent(new Event("opened"));
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (option) {
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

function go(option, apart) {
  if (!option) return;
  const path = option.dataset.path;
  palette.close();
  if (apart) window.open(path, "_blank", "noopener");
  else if (new URL(path, location.href).href.split("#")[0] === location.href.split("#")[0]) {
    location.hash = path.split("#")[1] ?? "";
  } else location.assign(path);
}

const MOVES = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

if (palette) {
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette.open ? palette.close() : open();
    }
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette]");
    if (!opener || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    opener.closest("details")?.removeAttribute("open");
    open();
  });
  palette.addEventListener("mousedown", (event) => {
    if (event.target === palette) palette.close();
  });
  palette.addEventListener("close", () => {
    list.replaceChildren();
    came?.focus?.();
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(list.querySelector("[aria-selected=true]"));
  });
  field.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      go(list.querySelector("[aria-selected=true]"), true);
    }
    if (move === undefined || ((event.key === "Home" || event.key === "End") && field.value)) return;
    const all = options();
    if (!all.length) return;
    event.preventDefault();
    const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    choose(Math.abs(move) === 1 ? all[(at + move + all.length) % all.length] : all.at(move > 0 ? -1 : 0));
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]:not([aria-disabled])");
    if (option && option.getAttribute("aria-selected") !== "true") choose(option);
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]:not([aria-disabled])"), event.ctrlKey || event.metaKey));
  document.addEventListener("htmx:after:swap", () => {
    if (!palette.open) return;
    const all = options();
    if (all.some((each) => each.getAttribute("aria-selected") === "true")) return;
    choose(all[0]);
    told.textContent = all.length === 0 ? "Nothing fits" : all.length === 1 ? "One fits" : `${all.length} fit`;
  });
}

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-meta]")) key.textContent = "⌘";
} else for (const key of document.querySelectorAll(".rail__find kbd")) key.textContent = "Ctrl K";
