// Moments in the reader's own zone, and how long they are away, kept true while the page stands.

import { localise } from "../js/times.js";

const UNITS = [["day", 864e5], ["hour", 36e5], ["minute", 6e4]];
const language = document.documentElement.lang;
const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });

/** How far a moment is from now: "3 minutes ago", "in 2 hours", and a date when that is more than a week. */
export function distance(when, now = Date.now()) {
  const apart = when - now;
  if (Math.abs(apart) > 7 * 864e5) return day.format(when);
  if (Math.abs(apart) < 6e4) return apart > 0 ? "in a moment" : "just now";
  const [unit, length] = UNITS.find(([, size]) => Math.abs(apart) >= size);
  return words.format(Math.trunc(apart / length), unit);
}

export function ago(root) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const when = new Date(time.dateTime);
    if (isNaN(when)) continue;
    const said = distance(when);
    if (time.textContent !== said) time.textContent = said;
    time.title ||= full.format(when);
  }
}

/** How long somebody has been waiting, as short as can be: "40 s", "12 min", "3 h". */
export function waits(root) {
  for (const time of root.querySelectorAll("time[data-waits]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - new Date(time.dateTime)) / 1000));
    const minutes = Math.floor(seconds / 60);
    time.textContent = minutes < 1 ? `${seconds} s` : minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  }
}

ago(document);
waits(document);
setInterval(() => waits(document), 1000);
setInterval(() => ago(document), 30_000);
document.addEventListener("htmx:after:swap", () => {
  localise(document);
  ago(document);
  waits(document);
});
