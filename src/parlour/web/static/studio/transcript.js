// An open conversation: what is said appears as it is said, and how it was made right after.

import { all, body, find } from "../js/dom.js";
import { Talk, fetched, oneByOne, sendsOnEnter } from "../js/talk.js";
import { localise } from "../js/times.js";
import { types } from "../js/typing.js";
import * as turns from "../js/turns.js";
import { Live, newId } from "../js/wire.js";
import { ago, waits } from "./times.js";
import { assist, leadsTo } from "./writing.js";

const root = find(".talk[data-live]");
// What the transcript's own scripts look for stands on the page's body elsewhere.
Object.assign(body.dataset, { base: root.dataset.base, token: "" });

const talk = new Talk(root, { refresh, settled: () => known() });
const live = new Live(happened, lost, async () => true, `${root.dataset.live}?around=${root.dataset.around}`);

/** Whether the server has said that this reader may look no more. */
let over = false;

live.after = root.dataset.after;
// Only while the page is seen: a browser opens only so many streams to one place.
const seen = () => (document.hidden || over ? live.close() : live.connect());
document.addEventListener("visibilitychange", seen);
addEventListener("pagehide", () => live.close());
seen();

function happened(name, data) {
  if (name === "control" || name === "around") known();
  else if (name === "typing") typed(data);
  else if (name === "refused") refused(data);
  else talk.happened(name, data);
  if (name === "message") types(find("#typing", root), "");
}

/** Fetch what the server knows by now of how answers were made, and of the conversation. */
const known = oneByOne(async () => {
  const page = await looked();
  if (!page) return;
  for (const made of all(".machine", page)) {
    const { turn } = made.dataset;
    const after = turns.byTurn(turn);
    if (after && !find(`.machine[data-turn="${turn}"]`, root)) after.after(made);
  }
  asides(page);
  const facts = find(".facts", page);
  localise(facts);
  ago(facts);
  find(".facts").replaceChildren(...facts.childNodes);
  redock(page);
});

/** Show the internal notes that there are by now, each behind the message it was written after. */
function asides(page) {
  const theirs = all(".whispered", page);
  const kept = new Set(theirs.map((note) => note.id));
  all(".whispered", root).forEach((note) => kept.has(note.id) || note.remove());
  for (const note of theirs.filter((each) => !document.getElementById(each.id))) {
    const before = all(".turns > *", root).findLast((each) => Number(each.dataset.seq ?? each.dataset.place ?? -1) <= Number(note.dataset.place) && !each.matches(".day, .machine"));
    const made = before?.nextElementSibling?.matches(".machine") ? before.nextElementSibling : before;
    made ? made.after(note) : find(".turns", root).prepend(note);
    localise(note);
  }
  talk.goAlong();
}

function typed({ author }) {
  types(find("#typing", root), `${author.kind === "visitor" ? "The visitor" : author.name} is writing…`);
}

/** Put the server's dock in place of ours, unless nothing of it has changed. */
function redock(page) {
  const ours = find("#dock", root);
  const theirs = find("#dock", page);
  const isSame = ours?.dataset.mark === theirs?.dataset.mark;
  if (isSame && !find("[role=alert]", theirs ?? page)) return;
  const typed = find("textarea", ours ?? root)?.value;
  ours?.remove();
  if (!theirs) return;
  find(".transcript", root).after(theirs);
  const field = find("textarea", theirs);
  // What could not be sent comes back in the page; what was typed meanwhile is only here.
  if (field && typed) field.value = [field.value, typed].filter(Boolean).join("\n");
  localise(theirs);
  waits(theirs);
  talk.goAlong();
}

/** What is sent goes one after the other, so that it arrives in the order in which it was said. */
let line = Promise.resolve();

root.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#dock, .whispered")) return;
  event.preventDefault();
  const seen = find('[name="seen"]', form);
  if (seen) seen.value = all(".turns [data-seq]", root).at(-1)?.dataset.seq ?? seen.value;
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  if (fields.has("message")) {
    // The box is free for the next thing to say, which has an id of its own.
    find("textarea", form).value = "";
    find('[name="message_id"]', form).value = newId();
  }
  const way = leadsTo(root, fields.get("message"));
  if (way) return go(way);
  line = line.then(() => sent(form, fields));
});

/** Send a form of the dock; what comes back is the page, or, when it did not work, says why. */
async function sent(form, fields) {
  const { answer, page } = (await fetched(form.action, { method: "POST", body: fields })) ?? {};
  if (!answer) return giveBack(fields);
  if (!find(".talk", page)) return location.reload();
  redock(page);
  asides(page);
  if (!form.closest(".whispered")) find('#dock[data-pen="mine"] textarea')?.focus();
}

/** Go where a command leads: into the dialog that a link of the page opens, or to the page itself. */
function go(address) {
  const way = find(`a[href="${address}"]`, root);
  way ? way.click() : location.assign(address);
}

/** Put what did not arrive back into the box, and say so. */
function giveBack(fields) {
  const field = find("#dock textarea");
  if (field && fields.has("message")) field.value = [fields.get("message"), field.value].filter(Boolean).join("\n");
  lost(true);
}

assist(root);
sendsOnEnter(root, "#dock .writing");

// Whoever is here keeps the pen; a closed laptop lets it go.
function keep() {
  const form = find('#dock[data-pen="mine"] .pen');
  if (!form || document.hidden) return;
  fetch(form.action, { method: "POST", body: new URLSearchParams({ act: "renew" }) }).catch(() => null);
}
keep();
setInterval(keep, 60000);
document.addEventListener("visibilitychange", keep);

/** Put the server's transcript in place of ours. */
async function refresh() {
  const page = await looked();
  if (!page) return;
  find(".turns", root).replaceChildren(...find(".turns", page).childNodes);
  talk.resume();
  live.connect(find(".talk", page).dataset.after);
}

/** Fetch this page as it is now. */
async function looked() {
  const { answer, page } = (await fetched(location.href)) ?? {};
  return answer?.ok && !answer.redirected ? page : null;
}

function refused({ problem }) {
  // What was shown for a while does not stay on the screen.
  if (problem.code === "reveal_over") return location.replace(location.pathname + location.search);
  over = true;
  live.close();
  if (problem.code === "forgotten") find(".turns", root).replaceChildren();
  const notice = find("#trouble");
  notice.hidden = false;
  find("b", notice).textContent = `${problem.title}.`;
  find("span", notice).textContent = problem.detail;
}

function lost(yes) {
  find(".link-line", root).hidden = !yes;
}

const ACTIONS = {
  wrap: turns.wrap,
  "copy-code": (button) => turns.copied(button, find("code", button.closest("figure")).textContent),
  "copy-answer": (button) => turns.copied(button, find(".raw", button.closest(".turn")).content.textContent),
};

root.addEventListener("click", (event) => {
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
