// The menu: theme, text size, the conversation as a text file.

import { all, find, word } from "./dom.js";
import { inWords } from "./times.js";

const root = document.documentElement;
const CHOICES = { theme: ["auto", "light", "dark"], size: ["normal", "large", "larger"] };

const chosen = (name) => root.dataset[name] ?? CHOICES[name][0];

function choose(name, value) {
  if (value === CHOICES[name][0]) delete root.dataset[name];
  else root.dataset[name] = value;
  try { localStorage.setItem(`parlour.${name}`, value); } catch { /* lasts until reload */ }
}

function label(name) {
  find(`[data-do="${name}"] small`).textContent = word(`${name}_${chosen(name)}`);
}

export function cycle(name) {
  const values = CHOICES[name];
  choose(name, values[(values.indexOf(chosen(name)) + 1) % values.length]);
  label(name);
}

/** Everything that was said, as plain text. */
export function download() {
  const parts = all(".turn[data-at]").map((turn) => {
    const mine = turn.matches(".turn--visitor");
    const who = mine ? word("you") : find(".turn__who bdi", turn).textContent;
    const text = mine ? find(".bubble", turn).textContent : find(".raw", turn).content.textContent;
    return `${who}, ${inWords(turn.dataset.at, "dated")}\n${text}\n`;
  });
  const file = new Blob([parts.join("\n")], { type: "text/plain;charset=utf-8" });
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(file);
  anchor.download = `${document.title}.txt`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

export function startMenu() {
  const menu = find(".menu-wrap");
  const close = (focus) => {
    if (menu.open && focus) find("summary", menu).focus();
    menu.open = false;
  };
  Object.keys(CHOICES).forEach(label);
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) close(false); });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { event.stopPropagation(); close(true); }
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(false);
  });
}
