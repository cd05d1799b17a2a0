// The side sheet: the passage behind a citation, without leaving the conversation.

import { all, find, word } from "./dom.js";

const sheet = find("#sheet");
let opener = null;

export const isOpen = () => sheet.matches(":popover-open");

/** Open the sheet for a click on a citation; everything else is left alone. */
export function clicked(event) {
  const chip = event.target.closest("a.cite, a.source");
  if (!chip || event.metaKey || event.ctrlKey || event.shiftKey || !sheet.showPopover) return false;
  const source = chip.matches(".source") ? chip : document.getElementById(chip.hash.slice(1));
  if (!source) return false;
  event.preventDefault();
  show(source, chip);
  return true;
}

function show(source, chip) {
  if (isOpen()) sheet.hidePopover();
  find("h2", sheet).textContent = word("source", { n: source.dataset.n });
  find(".sheet__body b", sheet).textContent = find("bdi", source).textContent;
  find(".hint", sheet).textContent = source.dataset.source;
  find("blockquote", sheet).textContent = find("template", source).content.textContent;
  const page = find(".sheet__body a", sheet);
  page.href = source.href;
  page.hidden = source.getAttribute("href").startsWith("#");
  opener = chip;
  opener.setAttribute("aria-expanded", "true");
  sheet.showPopover();
  find("h2", sheet).focus();
}

sheet.addEventListener("toggle", (event) => {
  if (event.newState === "open") return;
  all('[aria-expanded="true"]').forEach((chip) => chip.removeAttribute("aria-expanded"));
  if (!document.activeElement || document.activeElement === document.body) opener?.focus();
});
