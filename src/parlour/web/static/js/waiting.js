// Asks now and then whether a door that is shut for the moment has opened, and then goes in.

const token = location.pathname.split("/")[location.pathname.startsWith("/public/") ? 3 : 2];
const every = 15_000;

/** Whether something was typed here that would be lost. */
const typed = () =>
  [...document.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value);

async function look() {
  if (document.hidden || typed()) return;
  try {
    const answer = await fetch(`/api/public/link/${token}`, { cache: "no-store" });
    if (answer.ok && (await answer.json()).reason !== document.body.dataset.reason) location.reload();
  } catch { /* no network just now: the next look will tell */ }
}

setInterval(look, every);
document.addEventListener("visibilitychange", look);
