// The chat page: what is said, what comes back, and what is shown meanwhile.

import { all, body, clone, find, kept, said, say, word } from "./dom.js";
import * as answers from "./answers.js";
import * as asks from "./asks.js";
import { Composer } from "./composer.js";
import { Reply } from "./reply.js";
import { Scroll } from "./scroll.js";
import { inWords } from "./times.js";
import * as prefs from "./prefs.js";
import * as sheet from "./sheet.js";
import * as turns from "./turns.js";
import { teller, types } from "./typing.js";
import * as wire from "./wire.js";

const TRIES_APART = [2, 4, 8, 15, 30]; // s between attempts to send
const JUST = 30000; // ms for which a question has just been asked

const scroll = new Scroll();
const composer = new Composer({ say: submit, stop, recall: () => edit() || turns.said() });
const live = new wire.Live(happened, lost, probe);
// The agent may have the pen again by the time that a stream begins.
live.known = () => (pen === "agent" ? {} : { pen });

/** The answer being written: its turn on the page and the text so far. */
let current = null;
/** The message on its way: {id, text, turn, attempt, timer}. */
let outgoing = null;
/** Who answers: "agent", "operator" (a person), or nobody yet, "requested". */
let pen = find(".chat-head").dataset.pen;

const tells = teller(wire.typing);
find("#message").addEventListener("input", () => pen !== "agent" && turns.last() && tells());

turns.adoptAll();
prefs.startMenu();
resume();

function resume() {
  const { after, running } = body.dataset;
  const open = all('.turn--agent[data-state="writing"]').at(-1);
  if (open) write(open, find(".raw", open).content.textContent);
  else composer.running(Boolean(running));
  if (after || turns.last()) live.connect(after ?? "");
  const unsent = kept.get("unsent");
  asks.open(!turns.last());
  if (unsent) send(unsent.text, unsent.id, unsent.start, unsent.more);
  else if (!current) sendNext();
  const target = location.hash.startsWith("#msg_") && turns.byId(location.hash.slice(1));
  if (target) target.scrollIntoView({ block: "start" });
  else show();
  // With a real keyboard one can write at once; on a phone the keyboard would cover the greeting.
  // In a frame the page around has the keyboard.
  const ours = parent === window && matchMedia("(hover: hover) and (pointer: fine)").matches;
  if (ours && !target) composer.focus();
}

/** Show the end, or from its question what has just been asked by a form. */
function show() {
  const asked = turns.last(".turn--visitor");
  if (asked && Date.now() - new Date(asked.dataset.at) < JUST) scroll.anchor(asked, turns.last(".turn--agent"), true);
  else scroll.toEnd();
}

// ---- what the visitor does

function submit(text) {
  trouble(null);
  if (!asks.ready()) return composer.giveBack(text, false);
  if (current || outgoing) composer.enqueue(text);
  else send(text, wire.newId());
}

function send(text, id, start = find('[name="start"]').value, more = asks.collect()) {
  const edits = answers.editing();
  if (edits) {
    more = { ...more, edits };
    answers.drop(turns.byId(edits));
    answers.edit(null);
  }
  const turn = turns.visitor(text);
  if (more.files) document.dispatchEvent(new CustomEvent("parlour:sent", { detail: turn }));
  outgoing = { id, text, start, more, turn, attempt: 0, timer: 0 };
  kept.set("unsent", { id, text, start, more });
  asks.open(false);
  if (pen === "agent") begin(turns.agent());
  else scroll.toEnd();
  attempt();
}

async function attempt() {
  const message = outgoing;
  clearTimeout(message.timer);
  let answer;
  try {
    answer = await wire.say(message.text, message.id, message.start, message.more);
  } catch {
    answer = { status: 0, data: {} };
  }
  composer.left(answer.left ?? {}); // also when the stream told first that the message is there
  if (outgoing !== message) return;
  if (answer.ok) accepted(message, answer.data);
  else if (answer.data.code === "not_the_last") outdated(message);
  else if (answer.status === 409) later(message, "unsent", 2);
  else if (answer.status === 429 && answer.wait && answer.wait <= 60) {
    later(message, "wait", answer.wait);
  } else if (answer.status === 0 || answer.status >= 500) {
    later(message, navigator.onLine ? "unsent" : "offline");
  } else turnedAway(message, answer);
}

function accepted(message, data) {
  arrive(message, { created_at: new Date().toISOString(), ...data.message }, Boolean(data.turn));
  if (!data.turn) unwrite();
  else if (current && !current.turn.id) current.turn.dataset.turn = data.turn.id;
  if (!live.connected) live.connect(String(data.message?.seq ?? ""));
  else if (!current) sendNext();
}

/** The server has it: the bubble is a message now. */
function arrive(message, data, answered = pen === "agent") {
  turns.remark(message.turn, "");
  const shown = data.id && turns.byId(data.id);
  if (shown && shown !== message.turn) {
    // The page was fetched between sending and this answer, and shows the message already.
    message.turn.remove();
    message.turn = shown;
  } else if (data.id) turns.identify(message.turn, data);
  if (!current && answered) begin(turns.agent());
  if (message.more.files) document.dispatchEvent(new CustomEvent("parlour:arrived", { detail: message.turn }));
  outgoing = null;
  kept.set("unsent", null);
}

/** Keep a message that could not be sent, and try again with the same id. */
function later(message, why, seconds = TRIES_APART[Math.min(message.attempt, TRIES_APART.length - 1)]) {
  message.attempt += 1;
  if (current && !current.turn.id) unwrite();
  clearTimeout(message.timer);
  message.timer = setTimeout(attempt, seconds * 1000);
  remind(message, message.attempt, why, Date.now() + seconds * 1000);
}

/** Say why a message waits, and count down where it is known for how long. */
function remind(message, attempt, why, until) {
  const n = Math.ceil((until - Date.now()) / 1000);
  if (outgoing !== message || message.attempt !== attempt || n < 1) return;
  turns.remark(message.turn, word(why, { n }));
  if (why === "wait") setTimeout(() => remind(message, attempt, why, until), 1000);
}

addEventListener("online", () => outgoing?.attempt && attempt());

function turnedAway(message, { data }) {
  // What was written waits for the address to be confirmed, and is sent then.
  if (data.code === "verification_required") return location.assign(`/chat/${body.dataset.token}/verify`);
  if (current && !current.turn.id) unwrite();
  message.turn.remove();
  outgoing = null;
  kept.set("unsent", null);
  if (!turns.last()) asks.open(true);
  const back = new CustomEvent("parlour:back", { detail: data.code, cancelable: true });
  const isTold = message.more.files && !document.dispatchEvent(back);
  if (message.more.edits) refresh(); // what was to be said otherwise is as it was
  if (message.form) return asks.wrong(data.misfits) || trouble(...refusal(data, word("refused")));
  composer.giveBack(message.text, !data.misfits);
  if (asks.wrong(data.misfits) || isTold) return;
  trouble(...refusal(data, word("refused")), false, NOTED.includes(data.code), data.code === "not_here");
  if (data.misfits) askAgain(data.misfits);
}

/** What is asked for before a first message, where this was one and the page did not know yet. */
async function askAgain(misfits) {
  await refresh();
  if (asks.wrong(misfits)) trouble(null);
}

/** Send what the agent asked for below its last message. */
function fill(form) {
  if (!form.reportValidity() || current || outgoing) return;
  const more = asks.collect(form);
  if (!more.variables) return;
  send(asks.told(form), wire.newId(), undefined, more);
  outgoing.form = form;
}

/** The question was not the last one any more: what is there is shown, and nothing typed is lost. */
function outdated(message) {
  if (current && !current.turn.id) unwrite();
  message.turn.remove();
  outgoing = null;
  kept.set("unsent", null);
  composer.giveBack(message.text);
  refresh();
}

/** Let the last question be said otherwise; returns it, or nothing while that cannot be. */
function edit(button) {
  if (current || outgoing) return "";
  const turn = button?.closest(".turn") ?? turns.last(".turn--visitor");
  if (!turn?.id || pen !== "agent") return "";
  answers.edit(turn);
  composer.text = find(".bubble", turn).textContent;
  composer.focus();
  return composer.text;
}

async function again(button) {
  const turn = button.closest(".turn");
  if (current || outgoing) return;
  turns.open(turn);
  begin(turn);
  find(".prose", turn).replaceChildren();
  const answer = await wire.again(turn.id).catch(() => ({ ok: false, data: {} }));
  if (answer.ok) {
    if (current?.turn === turn) turn.dataset.turn = answer.data.execution_id;
    if (!live.connected) live.connect();
    return;
  }
  unwrite(false);
  await refresh();
  if (answer.data.code !== "not_the_last") trouble(...refusal(answer.data, word("refused_act")));
}

async function stop() {
  if (!current) return sendNext();
  const writing = current;
  writing.doing.say(word("stopping"));
  const answer = await wire.stop().catch(() => ({ ok: false }));
  if (current === writing && !(answer.ok && answer.data.stopped)) refresh();
}

async function retry(button) {
  const turn = button.closest(".turn");
  button.disabled = true;
  const answer = await wire.retry().catch(() => ({ ok: false, data: {} }));
  button.disabled = false;
  if (!answer.ok) return trouble(...refusal(answer.data, word("refused_act")));
  // The stream may have told all of it before this answer came.
  if (!current && !turns.byTurn(answer.data.execution_id)) {
    turns.open(turn);
    turn.dataset.turn = answer.data.execution_id;
    begin(turn);
  }
  if (!live.connected) live.connect();
}

async function startAnew() {
  const followed = live.connected;
  live.close();
  const answer = await wire.clear().catch(() => ({ ok: false }));
  if (!answer.ok && answer.status !== 404 && answer.status !== 401) {
    if (followed) live.connect();
    return trouble("", word("refused_act"));
  }
  live.after = "";
  unwrite();
  clearTimeout(outgoing?.timer);
  outgoing = null;
  kept.set("unsent", null);
  composer.clearQueue();
  turns.clearAll();
  asks.open(true);
  trouble(null);
  say(word("cleared"));
  composer.focus();
}

// ---- what comes back

function happened(name, data) {
  ({ message: arrived, status: informed, delta: grown, done: finished, control: handed, typing: typed, refused, resync: refresh })[name]?.(data);
}

function arrived(message) {
  const known = turns.byId(message.id);
  if (message.author.kind === "visitor") {
    if (known) return turns.identify(known, message);
    if (outgoing && (message.message_id === outgoing.id || message.text === outgoing.text)) {
      return arrive(outgoing, message);
    }
    if (current && !current.turn.id) unwrite();
    if (message.replaces) answers.drop(turns.byId(message.replaces));
    turns.identify(turns.visitor(message.text), message);
    return scroll.arrived();
  }
  if (turns.isPerson(message)) {
    if (known) return;
    turns.person(message);
    types(find("#typing"), "");
    say(`${message.author.name}: ${message.text.slice(0, 200)}`);
    document.dispatchEvent(new Event("parlour:said"));
    return scroll.arrived();
  }
  if (message.author.kind !== "agent") {
    if (known) return;
    find("#missed").hidden = message.sentence !== "nobody_came";
    return turns.system(message);
  }
  const turn = placeOf(message);
  turns.identify(turn, message);
  if (message.state === "writing") {
    turns.open(turn);
    write(turn, message.text ?? "");
  } else if (turn.dataset.state !== message.state || turn === current?.turn) {
    finish(turn, message);
  }
}

/** Where an agent's message stands: its own place, the one it replaces, or the one kept for it. */
function placeOf(message) {
  return turns.byId(message.id) ?? turns.byTurn(message.turn) ??
    (message.replaces && turns.byId(message.replaces)) ??
    (current && !current.turn.id ? current.turn : null) ?? turns.agent();
}

function informed({ turn, label: text }) {
  const writing = followed(turn);
  writing.doing.told(text);
}

function grown({ turn, offset, text }) {
  const writing = followed(turn);
  scroll.grows();
  if (!writing.reply.delta(offset, text)) return live.connect(String(Number(writing.turn.dataset.seq || 1) - 1));
  // Under a reply that has begun to be read the label is in the way.
  if (writing.reply.text) writing.doing.say("", writing.reply.text.length > 80);
  writing.doing.heard();
}

function finished({ message }) {
  const turn = placeOf(message);
  const told = turn.id === message.id && turn.dataset.state === message.state;
  if (!told || turn === current?.turn) finish(turn, message);
}

function finish(turn, message) {
  const mine = current?.turn === turn;
  if (mine) unwrite(false);
  turns.close(turn, message);
  if (mine || message.state !== "done") announce(turn, message);
  scroll.arrived(mine);
  if (!current) sendNext();
}

function announce(turn, message) {
  if (message.state !== "done") return;
  document.dispatchEvent(new Event("parlour:said"));
  const count = find(".prose", turn).textContent.trim().split(/\s+/).length;
  say(word("ready", { n: count }));
}

function typed({ author }) {
  types(find("#typing"), word("types", { name: author.name }));
}

/** Somebody else answers from now on: a person, or the assistant again. */
function handed({ holder, name = "" }) {
  pen = holder;
  types(find("#typing"), "");
  const told = { operator: word("answers_now", { name }), requested: word("asked_for") }[pen];
  find(".chat-head").dataset.pen = pen;
  find(".by-person").textContent = told ?? "";
  composer.hint(pen === "operator" ? word("reads", { name }) : "");
  if (pen !== "agent" && current && !current.turn.id) unwrite();
  say(told ?? word("answers_again"));
}

function refused({ problem }) {
  trouble(...refusal(problem ?? {}, word("ended_kept"), word("ended")), true);
  live.close();
  unwrite();
}

/** A refusal in the page's language, or in the owner's own words: its title and its sentence. */
function refusal({ code, title, detail, owner_says, most, opens_at }, otherwise, heading = "") {
  const told = (opens_at && said(`door_${code}_until`)) || said(`door_${code}`);
  if (!told) return [title ?? heading, owner_says ?? detail ?? otherwise];
  const name = find(".chat-head__id bdi").textContent;
  return told.map((text) => text.replace("{name}", name).replace("{most}", most ?? "")
    .replace("{at}", opens_at ? inWords(opens_at) : ""))
    .map((text, index) => (index && owner_says) || text);
}

function sendNext() {
  if (current || outgoing) return;
  const text = composer.next();
  if (text !== undefined) send(text, wire.newId());
}

// ---- the answer being written

function followed(turn) {
  const known = turns.byTurn(turn);
  if (current && (current.turn === known || !current.turn.id)) {
    current.turn.dataset.turn = turn;
  } else {
    const made = known ?? turns.agent();
    made.dataset.turn = turn;
    write(made, "");
  }
  return current;
}

function write(turn, text) {
  if (current?.turn === turn) return current.reply.delta(0, text);
  unwrite();
  const doing = new turns.Doing(turn, word(text ? "writing" : "thinking"));
  current = { turn, doing, reply: new Reply(find(".prose", turn), text) };
  composer.running(true);
  scroll.move(turn, text);
}

/** Have an answer to the last question written from its beginning. */
function begin(turn) {
  write(turn, "");
  scroll.anchor(turns.last(".turn--visitor"), turn);
}

/** Nothing is being written any more; a turn that never got a name goes away. */
function unwrite(remove = true) {
  if (!current) return;
  current.doing.end();
  current.reply.end();
  if (remove && !current.turn.id) current.turn.remove();
  current = null;
  composer.running(false);
}

// ---- when the way is lost

function lost(yes) {
  const line = find(".link-line");
  line.hidden = !yes;
}

/** After an answer that ends the stream for good: is there still a conversation to follow? */
async function probe(attempts) {
  return attempts < 2 ? true : refresh(true);
}

/**
 * Fetch the page again and put its transcript in place of ours; the server's is the truth.
 * What came while it was fetched goes with ours: the stream begins anew where the page ends.
 * `ended`: there is no stream any more, and whoever says so begins one in its time.
 */
async function refresh(ended = false) {
  let answer;
  try {
    answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  } catch {
    return true;
  }
  if (answer.status >= 500 || answer.status === 429) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = find(".turns", page);
  if (!fresh) {
    live.close();
    unwrite();
    trouble(word("ended"), word("ended_kept"), true);
    return false;
  }
  unwrite();
  find(".turns").replaceChildren(...fresh.childNodes);
  turns.adoptAll();
  Object.assign(body.dataset, page.body.dataset);
  pen = find(".chat-head").dataset.pen = find(".chat-head", page).dataset.pen;
  find(".by-person").textContent = find(".by-person", page).textContent;
  find("#missed").hidden = find("#missed", page).hidden;
  const open = all('.turn--agent[data-state="writing"]').at(-1);
  if (open) write(open, find(".raw", open).content.textContent);
  if (outgoing) find(".turns").append(outgoing.turn);
  live.after = body.dataset.after;
  asks.open(!turns.last());
  if (!turns.last() && !outgoing) {
    live.close();
    return false;
  }
  if (!ended) live.connect();
  if (!current) sendNext();
  return true;
}

addEventListener("pageshow", (event) => event.persisted && refresh());

// Where nothing can be said for a while, a message can be left.
const NOTED = ["budget_spent", "offline", "not_open", "closed", "full"];

/** One calm sentence above the message box, or (null) none. */
function trouble(title, detail = "", ended = false, note = false, tab = false) {
  const box = find("#trouble");
  box.hidden = title === null;
  find("b", box).textContent = title ?? "";
  find("span", box).textContent = detail;
  find(".actions", box).hidden = !ended && !note && !tab;
  find("[data-tab]", box)?.toggleAttribute("hidden", !tab);
  const reload = find("button", box);
  reload.hidden = !ended;
  reload.textContent = word("reload");
  const leave = find("a", box);
  leave.hidden = !note;
  leave.href = `/chat/${body.dataset.token}/note?lang=${document.documentElement.lang}`;
}

// ---- clicks and keys

const ACTIONS = {
  starter: (button) => submit(find("span", button).textContent),
  fill: (button) => fill(button.form),
  rate: answers.rate,
  explain: answers.explained,
  unexplained: answers.unexplained,
  again,
  edit,
  unedit: () => {
    answers.edit(null);
    composer.text = "";
    composer.focus();
  },
  new: startAnew,
  retry,
  stop,
  reload: () => location.reload(),
  theme: () => prefs.cycle("theme"),
  size: () => prefs.cycle("size"),
  download: prefs.download,
  wrap: turns.wrap,
  "copy-code": (button) => turns.copied(button, find("code", button.closest("figure")).textContent),
  "copy-answer": (button) => turns.copied(button, find(".raw", button.closest(".turn")).content.textContent),
};

document.addEventListener("click", (event) => {
  if (sheet.clicked(event)) return;
  const button = event.target.closest("[data-do]");
  const action = ACTIONS[button?.dataset.do];
  if (!action) return;
  event.preventDefault();
  action(button);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || sheet.isOpen()) return;
  if (current) stop();
});
