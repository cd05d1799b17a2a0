// The list of conversations: rows move up as visitors and agents speak; arrows and j, k walk it.

import { ago } from "./times.js";

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
    source = document.hidden ? null : new EventSource(url);
    source?.addEventListener("rows", moved);
  };
  const moved = (event) => {
    url.searchParams.set("since", event.lastEventId);
    const { rows: told, gone } = JSON.parse(event.data);
    told.forEach(({ id, html }) => put(id, html));
    gone.forEach((id) => document.getElementById(`row-${id}`)?.remove());
    list.querySelector(".lane__none").hidden = rows().length > 0;
    ago(list);
  };
  open();
  document.addEventListener("visibilitychange", open);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function put(id, html) {
  const old = document.getElementById(`row-${id}`);
  const row = new DOMParser().parseFromString(html, "text/html").querySelector(".talk-row");
  const current = old?.getAttribute("aria-current") === "true";
  const focused = old === document.activeElement;
  if (current) row.setAttribute("aria-current", "true");
  else row.classList.add("talk-row--new");
  old?.remove();
  list.prepend(row);
  if (focused) row.focus({ preventScroll: true });
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
