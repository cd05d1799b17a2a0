// The transcript: turns cloned from the page's own templates, filled, enhanced and kept in order.

import { all, clone, copy, find, icon, make, said as phrase, say, swapIcon, word } from "./dom.js";
import * as answers from "./answers.js";
import { colour } from "./colour.js";
import { clock, dayName, localise } from "./times.js";

const list = find(".turns");
const STEADY = 500; // ms a label stays at least
const SILENT = 10000; // ms without a sign until the page says that it still waits

/** Take over what the server rendered: add what needs scripts. */
export function adoptAll() {
  all(".turn--agent", list).forEach(enhance);
  localise(list);
  days();
}

export const last = (kind = "") => all(`.turn${kind}`, list).at(-1) ?? null;
export const byId = (id) => list.querySelector(`#${CSS.escape(id)}`);
export const byTurn = (turn) => all(".turn--agent", list).findLast((a) => a.dataset.turn === turn);
export const clearAll = () => list.replaceChildren();
export const said = () => all(".turn--visitor .bubble", list).at(-1)?.textContent ?? "";

export function visitor(text) {
  const turn = clone("t-visitor");
  find(".bubble", turn).textContent = text;
  list.append(turn);
  return turn;
}

export function agent() {
  const turn = clone("t-agent");
  turn.setAttribute("aria-busy", "true");
  find(".status-line", turn).hidden = false;
  list.append(turn);
  return turn;
}

export function person(message) {
  const turn = clone("t-person");
  find("bdi", turn).textContent = message.author.name;
  find(".words", turn).textContent = message.text;
  list.append(turn);
  identify(turn, message);
  return turn;
}

export const isPerson = (message) => ["operator", "guest"].includes(message.author.kind);

export function system(message) {
  const row = make("p", "system-row", message.text);
  identify(row, message);
  list.append(row);
}

/** Give a turn its place in the conversation. */
export function identify(turn, message) {
  turn.id = message.id;
  const edit = find(".edit", turn);
  if (edit) edit.href = `?edit=${message.id}#message`;
  turn.dataset.seq = message.seq;
  if (message.files) attach(turn, message.files);
  if (message.turn) turn.dataset.turn = message.turn;
  if (message.created_at && turn.dataset.at !== message.created_at) {
    turn.dataset.at = message.created_at;
    const old = find("time", turn);
    const time = clock(message.created_at);
    if (old) old.replaceWith(time);
    else if (!turn.matches(".system-row")) (find(turn.matches(".turn--person") ? ".turn__who" : ".turn__tools .turn__meta", turn) ?? turn).append(time);
    localise(turn);
    days();
  }
}

/** Show what was sent along with a message. */
export function attach(turn, files) {
  find(".files", turn)?.remove();
  find(".bubble", turn)?.after(make("ul", "files", ...files.map((file) => make("li", "", shown(file)))));
}

function shown({ name, kind, size, url, wide, high }) {
  const box = make(url ? "a" : "span", "file");
  if (url) box.href = url;
  if (url && kind === "image") {
    const picture = Object.assign(new Image(wide, high), { src: url, alt: name, loading: "lazy" });
    box.classList.add("file--image");
    box.target = "_blank";
    box.rel = "noopener";
    box.append(picture);
    return box;
  }
  if (url) box.download = "";
  box.append(icon("doc"), make("bdi", "", name || "•••"), make("small", "", bytes(size)));
  return box;
}

/** A size as people read it. */
export const bytes = (size) => size < 1048576 ? `${Math.ceil(size / 1024)} kB` : `${(size / 1048576).toFixed(1)} MB`;

/** A word under a message of one's own that has not arrived yet; "" takes it away. */
export function remark(turn, text) {
  find("p.turn__meta", turn)?.remove();
  turn.classList.toggle("turn--unsent", Boolean(text));
  if (text) turn.append(make("p", "turn__meta", text));
}

/** Make a turn ready to be written (again). */
export function open(turn) {
  turn.setAttribute("aria-busy", "true");
  turn.dataset.state = "writing";
  answers.offer(turn);
  all(".notice, .sources, .asks", turn).forEach((part) => part.remove());
}

/** Show a message in its final form, as the server made it. */
export function close(turn, message) {
  find(".prose", turn).innerHTML = message.html ?? "";
  find(".raw", turn).content.textContent = message.text;
  find(".turn__who bdi", turn).textContent = message.author.name;
  all(".notice, .sources, .asks", turn).forEach((part) => part.remove());
  turn.dataset.state = message.state;
  turn.removeAttribute("aria-busy");
  status(turn, "");
  const tools = find(".turn__tools", turn);
  if (message.citations?.length) tools.before(sources(message));
  if (message.state !== "done") tools.before(notice(message));
  answers.offer(turn, message.suggestions);
  answers.mark(turn, message.rating ?? "none");
  if (message.form) tools.insertAdjacentHTML("beforebegin", message.form.html);
  identify(turn, message);
  enhance(turn);
}

/** What is said of an answer while it is written: each label long enough to be read. */
export class Doing {
  #turn; #last; #since; #timer = 0; #silence = 0;

  constructor(turn, text) {
    this.#turn = turn;
    this.#show(text);
    this.heard();
  }

  /** Say something else; `soon` does not wait, for words that are in the way. */
  say(text, soon = false) {
    if (text === this.#last && !soon) return;
    this.#last = text;
    clearTimeout(this.#timer);
    const rest = this.#since + STEADY - Date.now();
    if (rest > 0 && !soon) this.#timer = setTimeout(() => this.#show(text), rest);
    else this.#show(text);
  }

  /** Say what the agent does, as its server put it. */
  told(label) {
    this.say(label.replace(/[.…\s]*$/, "…"));
    this.heard();
  }

  heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.say(word("working")), SILENT);
  }

  end() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    status(this.#turn, "");
  }

  #show(text) {
    this.#last = text;
    status(this.#turn, text);
    this.#since = text ? Date.now() : 0;
  }
}

function status(turn, text) {
  const line = find(".status-line", turn);
  line.hidden = !text;
  find("b", line).textContent = text;
}

function sources(message) {
  const box = make("div", "sources");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", word("sources"));
  for (const citation of message.citations) {
    const source = clone("t-source");
    source.id = `c-${message.id}-${citation.n}`;
    source.href = citation.url || `#${source.id}`;
    source.dataset.n = find(".cite", source).textContent = citation.n;
    source.dataset.source = citation.source;
    find("bdi", source).textContent = citation.title;
    find("template", source).content.textContent = citation.quote;
    box.append(source);
  }
  return box;
}

function notice(message) {
  const box = clone("t-notice");
  const key = message.state === "stopped" ? "stopped" : message.text ? "half" : "none";
  const { code } = message.problem ?? {};
  const title = code && (phrase(`problem_${code}`) ?? word("problem_any"));
  find("b", box).textContent = (key === "none" && title) || word(key);
  find("span", box).textContent =
    key === "stopped" ? (message.text ? word("stopped_kept") : "") : word(`${key}_kept`);
  if (key === "stopped") find(".btn", box)?.classList.remove("btn--primary");
  else box.setAttribute("role", "alert");
  return box;
}

/** Buttons and colours for code, once. */
function enhance(turn) {
  for (const box of all("figure.code", turn)) {
    const head = find(".code__head", box);
    if (find("button", head)) continue;
    head.append(button("wrap", "wrap", word("wrap"), ""), button("copy-code", "copy", word("copy_code"), word("copy")));
    find('[data-do="wrap"]', head).setAttribute("aria-pressed", "false");
    colour(find("code", box));
  }
}

function button(action, symbol, label, text) {
  const made = make("button", "", icon(symbol), ...(text ? [make("span", "", text)] : []));
  made.type = "button";
  made.dataset.do = action;
  made.setAttribute("aria-label", label);
  return made;
}

export function wrap(control) {
  const on = control.closest("figure").classList.toggle("code--wrap");
  control.setAttribute("aria-pressed", String(on));
}

/** Copy, show a tick for a moment, and say so. */
export async function copied(control, text) {
  await copy(text);
  const label = find("span", control);
  swapIcon(control, "check");
  if (label) label.textContent = word("copied");
  say(word("copied"));
  setTimeout(() => {
    swapIcon(control, "copy");
    if (label) label.textContent = word("copy");
  }, 1600);
}

/** One line before the first message of each day. */
function days() {
  all(".day", list).forEach((line) => line.remove());
  let before = "";
  for (const turn of all("[data-at]", list)) {
    const when = new Date(turn.dataset.at);
    const day = when.toDateString();
    if (day !== before) turn.before(make("div", "day", dayName(when, [word("today"), word("yesterday")])));
    before = day;
  }
}
