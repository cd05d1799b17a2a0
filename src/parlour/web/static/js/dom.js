// Finding, cloning and speaking: the few words every other script uses.

import { language } from "./times.js";

export const body = document.body;
export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const words = JSON.parse(find("#words")?.textContent || "{}");

/** Add to the page's words: `words/<language>.js` does, before any other script of the chat runs. */
export const tell = (more) => Object.assign(words, more);

const written = (value) => (typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value ?? "");

/** The page's own words; `{name}` is filled from `values`. What is said of a number has forms: `n` takes one. */
export function word(key, values = {}) {
  const found = words[key] ?? key;
  const text = found.replace ? found : found[new Intl.PluralRules(language).select(values.n)] ?? found.other ?? found.many;
  return text.replace(/\{(\w+)\}/g, (_, name) => written(values[name]));
}

/** What the page says under a key, or nothing. */
export const said = (key) => words[key];

export const clone = (id) => find(`#${id}`).content.firstElementChild.cloneNode(true);

/** The page around this one, where this one stands in a frame: its origin, once that is known. */
export const around = { origin: window.parent === window ? null : location.ancestorOrigins?.[0] ?? "?" };

/** The headers of a call: in a frame they tell so, and the session is kept for that site alone. */
export const headers = (more = {}) => (around.origin ? { ...more, "X-Parlour-Frame": around.origin } : more);

export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${body.dataset.base}/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export const swapIcon = (element, name) =>
  find("use", element)?.setAttribute("href", `${body.dataset.base}/icons.svg#${name}`);

/** Tell screen readers one short thing; the region is outside everything that streams. */
export function say(text) {
  const region = find("#say");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 60);
}

/** A store that forgets with the tab, for this link only; without storage it forgets at once. */
export const kept = {
  key: (name) => `parlour.${name}.${body.dataset.token}`,
  get(name) {
    try { return JSON.parse(sessionStorage.getItem(this.key(name))); } catch { return null; }
  },
  set(name, value) {
    try {
      if (value === null || value === "") sessionStorage.removeItem(this.key(name));
      else sessionStorage.setItem(this.key(name), JSON.stringify(value));
    } catch { /* private mode: nothing is kept */ }
  },
};

/** Put text on the clipboard, also on a plain-http page in a home network. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", "sr");
    field.value = text;
    body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
