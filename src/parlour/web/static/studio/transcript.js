// An open conversation: what is said appears as it is said, and how it was made right after.

import { all, body, find, say, word } from "../js/dom.js";
import { Reply } from "../js/reply.js";
import { localise } from "../js/times.js";

const talk = find(".talk[data-live]");
// What the transcript's own scripts look for stands on the page's body elsewhere.
Object.assign(body.dataset, { base: talk.dataset.base, token: "" });
const turns = await import("../js/turns.js");
const wire = await import("../js/wire.js");

const box = find(".transcript", talk);
const live = new wire.Live(happened, lost, async () => true, talk.dataset.live);

/** The answer being written: its turn on the page and the text so far. */
let current = null;
/** Whether the server has said that this reader may look no more. */
let over = false;
/** Whether the reader is at the end, and goes along with it. */
let along = true;

turns.adoptAll();
resume();
const target = location.hash.startsWith("#msg_") && turns.byId(location.hash.slice(1));
if (target) target.scrollIntoView({ block: "start" });
else box.scrollTop = box.scrollHeight;
live.after = talk.dataset.after;
// Only while the page is seen: a browser opens only so many streams to one place.
const seen = () => (document.hidden || over ? live.close() : live.connect());
document.addEventListener("visibilitychange", seen);
addEventListener("pagehide", () => live.close());
seen();

box.addEventListener("scroll", () => {
  along = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
});

function resume() {
  const open = all('.turn--agent[data-state="writing"]', talk).at(-1);
  if (open) write(open, find(".raw", open).content.textContent);
}

function happened(name, data) {
  ({ message: arrived, delta: grown, done: finished, status: informed, refused, resync: refresh })[name]?.(data);
  if (along) box.scrollTop = box.scrollHeight;
}

function arrived(message) {
  const known = turns.byId(message.id);
  if (message.author.kind === "visitor") {
    return turns.identify(known ?? turns.visitor(message.text), message);
  }
  if (message.author.kind !== "agent") return known || turns.system(message);
  const turn = known ?? (message.replaces && turns.byId(message.replaces)) ?? turns.agent();
  find(`.machine[data-turn="${turn.dataset.turn}"]`, talk)?.remove();
  turns.identify(turn, message);
  if (message.state === "writing") {
    turns.open(turn);
    write(turn, message.text ?? "");
  } else if (turn.dataset.state !== message.state || turn === current?.turn) close(turn, message);
}

function informed({ turn, label }) {
  const known = turns.byTurn(turn);
  if (known) turns.status(known, label);
}

function grown({ turn, offset, text }) {
  const known = turns.byTurn(turn);
  if (!known) return refresh();
  if (current?.turn !== known) write(known, "");
  if (!current.reply.delta(offset, text)) return refresh();
  turns.status(known, word("writing"));
}

function finished({ message }) {
  const turn = turns.byId(message.id) ?? turns.byTurn(message.turn) ?? turns.agent();
  turns.identify(turn, message);
  close(turn, message);
  say(word("ready", { n: message.text.trim().split(/\s+/).length }));
}

function write(turn, text) {
  if (current?.turn === turn) return current.reply.delta(0, text);
  current?.reply.end();
  current = { turn, reply: new Reply(find(".prose", turn), text) };
  turns.status(turn, word(text ? "writing" : "thinking"));
}

function close(turn, message) {
  if (current?.turn === turn) {
    current.reply.end();
    current = null;
  }
  turns.close(turn, message);
  known();
}

/** Fetch what the server knows by now of how answers were made, and of the conversation. */
async function known() {
  const page = await fetched();
  if (!page) return;
  for (const made of all(".machine", page)) {
    const { turn } = made.dataset;
    const after = turns.byTurn(turn);
    if (after && !find(`.machine[data-turn="${turn}"]`, talk)) after.after(made);
  }
  const facts = find(".facts", page);
  localise(facts);
  find(".facts").replaceChildren(...facts.childNodes);
}

/** Put the server's transcript in place of ours. */
async function refresh() {
  const page = await fetched();
  if (!page) return;
  current = null;
  find(".turns", talk).replaceChildren(...find(".turns", page).childNodes);
  turns.adoptAll();
  resume();
  live.connect(find(".talk", page).dataset.after);
}

async function fetched() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function refused({ problem }) {
  over = true;
  live.close();
  const notice = find("#trouble");
  notice.hidden = false;
  find("b", notice).textContent = `${problem.title}.`;
  find("span", notice).textContent = problem.detail;
}

function lost(yes) {
  find(".link-line", talk).hidden = !yes;
}

const ACTIONS = {
  wrap: turns.wrap,
  "copy-code": (button) => turns.copied(button, find("code", button.closest("figure")).textContent),
  "copy-answer": (button) => turns.copied(button, find(".raw", button.closest(".turn")).content.textContent),
};

talk.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) return ACTIONS[button.dataset.do]?.(button);
  const chip = event.target.closest("a.cite, a.source");
  const source = chip?.matches(".source") ? chip : chip && document.getElementById(chip.hash.slice(1));
  if (!source || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (source.getAttribute("href").startsWith("#") || !window.htmx) return;
  event.preventDefault();
  window.htmx.ajax("GET", source.getAttribute("href"), { target: "#sheet", headers: { "HX-Target": "dialog#sheet" } });
});

// Where there is one pane at a time.
document.addEventListener("click", (event) => {
  const go = event.target.closest("[data-go]");
  if (!go) return;
  event.preventDefault();
  find(".room--desk").dataset.pane = go.dataset.go;
  find(go.dataset.go === "facts" ? ".facts a" : ".talk [data-go]")?.focus();
});

// Whether details are shown stays as it was chosen, from one conversation to the next.
const machine = find("#machine");
try {
  machine.checked = sessionStorage.getItem("parlour.machine") === "1";
} catch { /* private mode: nothing is kept */ }
machine.addEventListener("change", () => {
  try {
    sessionStorage.setItem("parlour.machine", machine.checked ? "1" : "0");
  } catch { /* as above */ }
});
