// The chat inside a page of another site: it speaks with the loader there, and with nobody else.

import { around, body, find, headers, kept } from "./dom.js";

const LONGEST = 4096; // characters of a signed word
const sites = (body.dataset.sites ?? "").split(" ");
let port = null;

/** Whether a site is on the list of those that may show this page, as the server's policy says. */
function known(origin) {
  return sites.some((each) => {
    if (!each.includes("://*.")) return each === origin;
    const [scheme, rest] = each.split("*");
    return origin.startsWith(scheme) && origin.endsWith(rest);
  });
}

addEventListener("message", (event) => {
  if (event.source !== parent || event.ports.length !== 1 || event.data?.type !== "parlour") return;
  if (!known(event.origin)) return;
  port?.close();
  port = event.ports[0];
  around.origin = event.origin;
  port.onmessage = ({ data }) => heard(data);
  tell({ type: "ready" });
});

const tell = (message) => port?.postMessage(message);

function heard(data) {
  if (data?.type === "closable") body.dataset.closable = "";
  else if (data?.type === "open") find("#message")?.focus();
  else if (data?.type === "identify") identify(data.id);
}

/** Become who the site says one is; what it signed is shown to the server once. */
async function identify(id) {
  if (typeof id !== "string" || !id || id.length > LONGEST) return;
  const mark = id.slice(-32);
  if (kept.get("identified") === mark) return tell({ type: "identified", identified: true });
  let told = {};
  try {
    const answer = await fetch("/api/public/identify", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify({ token: body.dataset.token, id }),
    });
    told = await answer.json();
  } catch { /* then one stays as unknown as before */ }
  tell({ type: "identified", identified: told.identified === true });
  if (told.identified !== true) return;
  kept.set("identified", mark);
  // Whoever it is may have said something before: the page is fetched anew, if that ends.
  if (kept.get("identified") === mark) location.reload();
}

document.addEventListener("parlour:said", () => tell({ type: "message" }));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  const busy = find(":popover-open, dialog[open], details[open]") || !find('[data-do="stop"]').hidden;
  if (!busy) tell({ type: "close" });
});

/** Whether this browser keeps a cookie here: without one, no answer could be found again. */
function keeps() {
  // Over plain http the session's cookie is the ordinary one, which only a page of our own site gets.
  const safe = location.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const how = `Path=/; ${safe ? "Secure; SameSite=None; Partitioned" : "SameSite=Lax"}`;
  document.cookie = `parlour-kept=1; ${how}`;
  const found = document.cookie.includes("parlour-kept=1");
  document.cookie = `parlour-kept=; Max-Age=0; ${how}`;
  return found;
}

// Over plain http the page is told of its sites in a tab, too.
if (parent !== window && !keeps()) {
  find("#kept-nothing").hidden = false;
  find(".composer").hidden = true;
}
