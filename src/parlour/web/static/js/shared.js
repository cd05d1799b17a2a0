// A shared conversation: read as it goes on, and, where that is shared too, answered.

import { all, body, find, word } from "./dom.js";
import { localise } from "./times.js";
import { Talk, fetched, oneByOne, sendsOnEnter } from "./talk.js";
import * as turns from "./turns.js";
import { teller, types } from "./typing.js";
import { Live, newId } from "./wire.js";

const { home, asked, after } = body.dataset;
// The same page again, in the language that it was asked in.
const page = `${home}${asked}`;
const talk = new Talk(body, { refresh });
const live = new Live(happened, lost, probe, `${home}/live`);
const MINUTE = 60000;

live.connect(after);
addEventListener("pagehide", () => live.close());
addEventListener("pageshow", (event) => event.persisted && location.reload());

// The pen passes when somebody sees the page, not when something fetches it.
if (document.visibilityState === "visible") opened();
else document.addEventListener("visibilitychange", opened, { once: true });

async function opened() {
  if (!("unopened" in body.dataset)) return;
  place(await fetched(`${home}/hold${asked}`, posting({ act: "open" })));
  find("#dock textarea")?.focus({ preventScroll: true });
}

function happened(name, data) {
  if (name === "refused") location.reload();
  else if (name === "control") looked();
  else if (name === "typing") typed(data);
  else talk.happened(name, data);
  if (name === "message") types(spot(), "");
}

const spot = () => find("#typing");

function typed({ author }) {
  types(spot(), word("types", { name: author.name || spot().dataset.visitor }));
}

const tells = teller(() => fetch(`${home}/typing`, { method: "POST" }));
document.addEventListener("input", (event) => event.target.matches("#dock textarea") && tells());

/** Put what the server says of this guest in place of ours: who answers, and what they can do. */
function place(got) {
  const theirs = got && find(".shared", got.page);
  if (!theirs) return gone(got);
  const typed = find("#dock textarea")?.value;
  const held = document.activeElement?.closest("#dock textarea");
  const open = find(".share-bar details")?.open;
  for (const id of ["#bar", "#dock"]) find(id).replaceWith(find(id, theirs));
  localise(find("#bar"));
  countdown();
  const field = find("#dock textarea");
  // What could not be sent comes back in the page; what was typed meanwhile is only here.
  if (field && typed) field.value = field.value ? `${field.value}\n${typed}` : typed;
  if (held && field) field.focus({ preventScroll: true });
  if (open && !got.named && find("#bar details")) find("#bar details").open = true;
  talk.goAlong();
}

/** A share that is over says so on its own page; anything else passes. */
function gone(got) {
  if ([404, 410].includes(got?.answer.status)) location.reload();
  else lost(true);
}

const looked = oneByOne(async () => {
  const got = await fetched(page);
  if (got) place(got);
});

async function refresh() {
  const got = await fetched(page);
  const theirs = got && find(".shared", got.page);
  if (!theirs) return gone(got);
  find(".turns").replaceChildren(...find(".turns", theirs).childNodes);
  talk.resume();
  live.connect(got.page.body.dataset.after);
}

/** Whether to go on trying; a share that is over takes nobody back. */
async function probe() {
  const answer = await fetch(page, { method: "HEAD" }).catch(() => null);
  if (answer && !answer.ok) gone({ answer });
  return true;
}

function posting(fields) {
  return { method: "POST", body: new URLSearchParams(fields) };
}

/** What is sent goes one after the other, so that it arrives in the order in which it was said. */
let line = Promise.resolve();

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const fields = new FormData(form, event.submitter);
  if (form.matches(".composer")) {
    // The box is free for the next thing to say, which has an id of its own.
    find("textarea", form).value = "";
    find('[name="message_id"]', form).value = newId();
  }
  line = line.then(() => sent(form, fields));
});

async function sent(form, fields) {
  const got = await fetched(form.action, posting(fields));
  if (got) place({ ...got, named: form.matches(".name") });
  else {
    lost(true);
    giveBack(fields);
  }
  if (!form.matches(".name")) find("#dock textarea")?.focus();
}

/** Put what did not arrive back into the box. */
function giveBack(fields) {
  const field = find("#dock textarea");
  if (!field || !fields.has("message")) return;
  field.value = [fields.get("message"), field.value].filter(Boolean).join("\n");
}

sendsOnEnter(document, "#dock .composer");

const ACTIONS = {
  wrap: turns.wrap,
  "copy-code": (button) => turns.copied(button, find("code", button.closest("figure")).textContent),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) return ACTIONS[button.dataset.do]?.(button);
  const chip = event.target.closest("a.cite, a.source");
  if (!chip || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const source = chip.matches(".source") ? chip : document.getElementById(chip.hash.slice(1));
  if (!source) return;
  event.preventDefault();
  quote(source);
});

/** Show what an answer cites, as far as the answer itself quotes it. */
function quote(source) {
  const sheet = find("#sheet");
  find("h2", sheet).textContent = find("bdi", source).textContent;
  find(".hint", sheet).textContent = source.dataset.source;
  find("blockquote", sheet).textContent = find("template", source).content.textContent;
  sheet.showPopover();
  find("h2", sheet).focus();
}

function lost(yes) {
  find(".link-line").hidden = !yes;
}

/** Say how much time is left, as precisely as there is need to. */
function countdown() {
  for (const spot of all("[data-left]")) {
    const left = Math.max(0, new Date(spot.dataset.left) - Date.now());
    const minutes = Math.floor(left / MINUTE);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (days > 1) spot.textContent = word("left_days", { n: days });
    else if (hours) spot.textContent = word("left_hours", { h: hours, m: minutes % 60 });
    else if (minutes) spot.textContent = word("left_minutes", { n: minutes });
    else spot.textContent = word("left_seconds", { n: Math.ceil(left / 1000) });
  }
}
countdown();
setInterval(countdown, 1000);
