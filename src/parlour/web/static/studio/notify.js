// Notifications of the desktop: asked for by a button and by nothing else; they say that, not what.

const KEPT = "parlour.notify";
const button = document.querySelector("#notify");
const title = document.title;
let before = null;

function kept() {
  try {
    return localStorage.getItem(KEPT) === "on";
  } catch {
    return false;
  }
}

/** Whether they are wanted and allowed in this browser: then the desk is followed unseen, too. */
export const wanted = () => Boolean(button) && "Notification" in window && kept() && Notification.permission === "granted";

function shown() {
  button.setAttribute("aria-pressed", String(wanted()));
  button.title = wanted() ? "You are notified of who waits" : "Notify me of who waits";
}

/** Hear how many wait, and are one's own: when there are more, and nobody looks, it is told. */
export function count({ waiting, mine }) {
  document.title = waiting ? `(${waiting}) ${title}` : title;
  if (before && waiting > before.waiting) tell("Somebody waits for a person", "/studio/desk?state=waiting");
  if (before && mine > before.mine) tell("A conversation is yours now", "/studio/desk?state=mine");
  before = { waiting, mine };
}

/** Hear that a visitor has written to whoever is at the desk. */
export const written = (row) => tell(`${row.querySelector("b").textContent} has written to you`, row.href);

function tell(text, address) {
  if (!wanted() || document.visibilityState === "visible") return;
  const note = new Notification(text, { tag: address, icon: document.querySelector("link[rel=icon]").href });
  note.addEventListener("click", () => {
    window.focus();
    location.assign(address);
  });
}

if (button && "Notification" in window) {
  button.hidden = false;
  shown();
  button.addEventListener("click", async () => {
    const on = !wanted();
    if (on && Notification.permission !== "granted") await Notification.requestPermission();
    try {
      on ? localStorage.setItem(KEPT, "on") : localStorage.removeItem(KEPT);
    } catch { /* private mode: they stay off */ }
    shown();
    if (on && !wanted()) button.title = "Your browser does not let this site notify you";
    document.dispatchEvent(new Event("parlour:notify"));
  });
}
