// Single keys: g and a letter goes to a page, j and k move, n makes, / searches, ? lists them all.
// Whoever is disturbed by them switches them off there, for this browser.

const OFF = "parlour.keys";
const ROWS = "main a[data-row], main .data .main a, main .talk-row, main .rows li > div a, main .today .btn";
const NEW = "[data-new], .page-head__actions .btn--primary, .panel > summary.btn--primary";
const sheet = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
let leading = 0;

function on() {
  try {
    return localStorage.getItem(OFF) !== "off";
  } catch {
    return true;
  }
}

const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

function move(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter(seen);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

function search() {
  const field = [...document.querySelectorAll("[data-find]")].find(seen);
  if (field) field.focus();
  else document.querySelector("[data-palette]")?.click();
}

/** The button that says this letter, where the page has one. */
function press(letter) {
  const button = [...document.querySelectorAll(`[data-press="${letter}"]`)].find(seen);
  button?.click();
  // What opens is a menu: the keyboard goes on in it.
  if (button?.matches("summary")) button.parentElement.querySelector(".menu button")?.focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  n: () => [...document.querySelectorAll(NEW)].find(seen)?.click(),
  t: () => press("t"),
  r: () => press("r"),
  c: () => press("c"),
  h: () => press("h"),
  w: () => [...document.querySelectorAll("#dock textarea")].find(seen)?.focus(),
  "/": search,
  "?": () => sheet.showModal(),
  g: () => (leading = Date.now()),
};

function typing(element) {
  return element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
}

if (sheet) {
  toggle.checked = on();
  toggle.addEventListener("change", () => {
    try {
      toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "off");
    } catch {
      // Nothing is kept here: then they stay as they are.
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!on() || typing(event.target) || document.querySelector("dialog[open]")) return;
    const went = Date.now() - leading < 1500;
    leading = 0;
    if (went && /^[a-z]$/.test(event.key)) {
      const place = document.querySelector(`.rail [data-go="${event.key}"]`);
      if (place) {
        event.preventDefault();
        place.click();
      }
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
