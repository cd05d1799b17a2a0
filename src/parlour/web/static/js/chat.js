// The chat page: what is said, what comes back, and what is shown meanwhile.

import { all, body, clone, find, kept, say, word } from "./dom.js";
import { Composer } from "./composer.js";
import { Reply } from "./reply.js";
import { Scroll } from "./scroll.js";
import * as prefs from "./prefs.js";
import * as sheet from "./sheet.js";
import * as turns from "./turns.js";
import * as wire from "./wire.js";

const STEADY = 500; // ms a status label stays at least
const SILENT = 10000; // ms without a sign until the page says that it still waits
const TRIES_APART = [2, 4, 8, 15, 30]; // s between attempts to send

const scroll = new Scroll();
const composer = new Composer({ say: submit, stop, recall: turns.said });
const live = new wire.Live(happened, lost, probe);

/** The answer being written: its turn on the page and the text so far. */
let current = null;
/** The message on its way: {id, text, turn, attempt, timer}. */
let outgoing = null;

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
  if (unsent) send(unsent.text, unsent.id, unsent.start);
  else if (!current) sendNext();
  const target = location.hash.startsWith("#msg_") && turns.byId(location.hash.slice(1));
  if (target) target.scrollIntoView({ block: "start" });
  else scroll.toEnd();
  // With a real keyboard one can write at once; on a phone the keyboard would cover the greeting.
  // In a frame the page around has the keyboard.
  const ours = parent === window && matchMedia("(hover: hover) and (pointer: fine)").matches;
  if (ours && !target) composer.focus();
}

// ---- what the visitor does

function submit(text) {
  trouble(null);
  if (current || outgoing) composer.enqueue(text);
  else send(text, wire.newId());
}

function send(text, id, start = find('[name="start"]').value) {
  const turn = turns.visitor(text);
  outgoing = { id, text, start, turn, attempt: 0, timer: 0 };
  kept.set("unsent", { id, text, start });
  const answer = turns.agent();
  write(answer, "");
  scroll.anchor(turn, answer);
  attempt();
}

async function attempt() {
  const message = outgoing;
  clearTimeout(message.timer);
  let answer;
  try {
    answer = await wire.say(message.text, message.id, message.start);
  } catch {
    answer = { status: 0, data: {} };
  }
  if (outgoing !== message) return;
  if (answer.ok) accepted(message, answer.data);
  else if (answer.status === 409) later(message, word("unsent"), 2);
  else if (answer.status === 429 && answer.wait && answer.wait <= 60) {
    later(message, word("wait", { n: answer.wait }), answer.wait);
  } else if (answer.status === 0 || answer.status >= 500) {
    later(message, word(navigator.onLine ? "unsent" : "offline"));
  } else turnedAway(message, answer);
}

function accepted(message, data) {
  arrive(message, { created_at: new Date().toISOString(), ...data.message });
  if (current && !current.turn.id) current.turn.dataset.turn = data.turn?.id ?? data.execution_id;
  if (!live.connected) live.connect(String(data.message?.seq ?? ""));
  else if (!current) sendNext();
}

/** The server has it: the bubble is a message now. */
function arrive(message, data) {
  turns.remark(message.turn, "");
  const shown = data.id && turns.byId(data.id);
  if (shown && shown !== message.turn) {
    // The page was fetched between sending and this answer, and shows the message already.
    message.turn.remove();
    message.turn = shown;
  } else if (data.id) turns.identify(message.turn, data);
  if (!current) {
    write(turns.agent(), "");
    scroll.anchor(message.turn, current.turn);
  }
  outgoing = null;
  kept.set("unsent", null);
}

/** Keep a message that could not be sent, and try again with the same id. */
function later(message, why, seconds = TRIES_APART[Math.min(message.attempt, TRIES_APART.length - 1)]) {
  message.attempt += 1;
  if (current && !current.turn.id) unwrite();
  turns.remark(message.turn, why);
  message.timer = setTimeout(attempt, seconds * 1000);
}

addEventListener("online", () => outgoing?.attempt && attempt());

function turnedAway(message, { data }) {
  if (current && !current.turn.id) unwrite();
  message.turn.remove();
  outgoing = null;
  kept.set("unsent", null);
  composer.giveBack(message.text);
  trouble(data.title ?? "", data.detail ?? word("refused"));
}

async function stop() {
  if (!current) return sendNext();
  const writing = current;
  label(writing, word("stopping"));
  const answer = await wire.stop().catch(() => ({ ok: false }));
  if (current === writing && !(answer.ok && answer.data.stopped)) refresh();
}

async function retry(button) {
  const turn = button.closest(".turn");
  button.disabled = true;
  const answer = await wire.retry().catch(() => ({ ok: false, data: {} }));
  button.disabled = false;
  if (!answer.ok) return trouble(answer.data.title ?? "", answer.data.detail ?? word("refused_act"));
  // The stream may have told all of it before this answer came.
  if (!current && !turns.byTurn(answer.data.execution_id)) {
    turns.open(turn);
    turn.dataset.turn = answer.data.execution_id;
    write(turn, "");
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
  trouble(null);
  say(word("cleared"));
  composer.focus();
}

// ---- what comes back

function happened(name, data) {
  ({ message: arrived, status: informed, delta: grown, done: finished, refused, resync: refresh })[name]?.(data);
}

function arrived(message) {
  const known = turns.byId(message.id);
  if (message.author.kind === "visitor") {
    if (known) return turns.identify(known, message);
    if (outgoing && (message.message_id === outgoing.id || message.text === outgoing.text)) {
      return arrive(outgoing, message);
    }
    if (current && !current.turn.id) unwrite();
    turns.identify(turns.visitor(message.text), message);
    return scroll.arrived();
  }
  if (message.author.kind !== "agent") return known || turns.system(message);
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
  label(writing, text);
  heard(writing);
}

function grown({ turn, offset, text }) {
  const writing = followed(turn);
  if (!writing.reply.delta(offset, text)) return live.connect(String(Number(writing.turn.dataset.seq || 1) - 1));
  if (writing.reply.text) label(writing, "");
  heard(writing);
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
  scroll.arrived();
  if (!current) sendNext();
}

function announce(turn, message) {
  if (message.state !== "done") return;
  const count = find(".prose", turn).textContent.trim().split(/\s+/).length;
  say(word(count === 1 ? "ready_one" : "ready", { n: count }));
}

function refused({ problem }) {
  trouble(problem?.title ?? word("ended"), problem?.detail ?? word("ended_kept"), true);
  live.close();
  unwrite();
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
  current = { turn, reply: new Reply(find(".prose", turn), text), shown: 0, timer: 0, silence: 0 };
  turns.status(turn, word(text ? "writing" : "thinking"));
  current.shown = Date.now();
  composer.running(true);
  scroll.move(turn);
  heard(current);
}

/** Nothing is being written any more; a turn that never got a name goes away. */
function unwrite(remove = true) {
  if (!current) return;
  clearTimeout(current.timer);
  clearTimeout(current.silence);
  current.reply.end();
  turns.status(current.turn, "");
  if (remove && !current.turn.id) current.turn.remove();
  current = null;
  composer.running(false);
}

/** Show what is going on, each label long enough to be read. */
function label(writing, text) {
  clearTimeout(writing.timer);
  const rest = writing.shown + STEADY - Date.now();
  if (rest > 0 && !(text === "" && writing.reply.text.length > 80)) {
    writing.timer = setTimeout(() => label(writing, text), rest);
    return;
  }
  turns.status(writing.turn, text);
  writing.shown = text ? Date.now() : 0;
}

function heard(writing) {
  clearTimeout(writing.silence);
  writing.silence = setTimeout(() => label(writing, word("working")), SILENT);
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

/** Fetch the page again and put its transcript in place of ours; the server's is the truth. */
async function refresh(quiet = false) {
  let answer;
  try {
    answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
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
  const open = all('.turn--agent[data-state="writing"]').at(-1);
  if (open) write(open, find(".raw", open).content.textContent);
  if (outgoing) find(".turns").append(outgoing.turn);
  live.after = body.dataset.after;
  if (!turns.last() && !outgoing) {
    live.close();
    return false;
  }
  if (!quiet) live.connect();
  if (!current) sendNext();
  return true;
}

addEventListener("pageshow", (event) => event.persisted && refresh());

/** One calm sentence above the message box, or (null) none. */
function trouble(title, detail = "", ended = false) {
  const box = find("#trouble");
  box.hidden = title === null;
  find("b", box).textContent = title ?? "";
  find("span", box).textContent = detail;
  find(".actions", box).hidden = !ended;
  find(".btn", box).textContent = word("reload");
}

// ---- clicks and keys

const ACTIONS = {
  starter: (button) => submit(find("span", button).textContent),
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
