// The list of conversations: rows move up as visitors and agents speak; arrows and j, k walk it.

import * as notify from "./notify.js";
import { ago, waits } from "./times.js";

const list = document.querySelector("#talks");
const rows = () => [...list.querySelectorAll(".talk-row")];

if (list.dataset.live) follow(list.dataset.live);
list.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });

/** Follow while the page is seen: a browser opens only so many streams to one place. */
function follow(address) {
  const url = new URL(address, location.href);
  let source = null;
  const open = () => {
    source?.close();
    source = document.hidden && !notify.wanted() ? null : new EventSource(url);
    source?.addEventListener("rows", moved);
    source?.addEventListener("counts", (event) => count(JSON.parse(event.data)));
  };
  const moved = (event) => {
    url.searchParams.set("since", event.lastEventId);
    const { rows: told, gone, whole } = JSON.parse(event.data);
    if (whole) replace(told);
    else told.forEach(({ id, html }) => put(id, html));
    gone.forEach((id) => document.getElementById(`row-${id}`)?.remove());
    list.querySelector(".lane__none").hidden = rows().length > 0;
    ago(list);
    waits(list);
  };
  open();
  // Whoever is notified is followed by one stream all the time: opening it anew would miss nothing,
  // and would say all of it again.
  document.addEventListener("visibilitychange", () => (source && notify.wanted() ? null : open()));
  document.addEventListener("parlour:notify", open);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

/** Show these rows and no others, in this order. */
function replace(told) {
  const kept = new Set(told.map(({ id }) => `row-${id}`));
  rows().forEach((row) => kept.has(row.id) || row.remove());
  told.toReversed().forEach(({ id, html }) => put(id, html, true));
}

function put(id, html, inOrder = false) {
  const old = document.getElementById(`row-${id}`);
  const row = new DOMParser().parseFromString(html, "text/html").querySelector(".talk-row");
  const current = old?.getAttribute("aria-current") === "true";
  const focused = old === document.activeElement;
  if (current) row.setAttribute("aria-current", "true");
  else if (!inOrder || !old || old.matches(".talk-row--new")) row.classList.add("talk-row--new");
  place(row, old, inOrder);
  const last = (each) => each?.querySelector("p").textContent;
  const isTheirs = row.dataset.group === "mine" && row.querySelector("p i")?.textContent === "Visitor:";
  if (isTheirs && old && last(old) !== last(row)) notify.written(row);
  if (focused) row.focus({ preventScroll: true });
}

/** Whoever said something last comes first; where people wait in line, who has waited longest. */
function place(row, old, inOrder) {
  if (inOrder || !("queue" in list.dataset)) {
    old?.remove();
    return list.prepend(row);
  }
  if (old) return old.replaceWith(row);
  const last = rows().at(-1);
  last ? last.after(row) : list.prepend(row);
}

/** Say how many there are of each group. */
function count(numbers) {
  notify.count(numbers);
  for (const [group, number] of Object.entries(numbers)) {
    const spot = document.querySelector(`[data-count="${group}"]`);
    if (spot) spot.textContent = number > 99 ? "99+" : number || "";
  }
}

list.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? all.findIndex((row) => row.getAttribute("aria-current")) + (step > 0 ? 1 : -1) : at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
