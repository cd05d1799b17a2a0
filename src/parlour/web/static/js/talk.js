// A conversation that somebody looks on at: what is said appears turn by turn, as it is said.

import { all, find, say, word } from "./dom.js";
import { Reply } from "./reply.js";
import * as turns from "./turns.js";

export class Talk {
  #root; #box; #refresh; #settled;
  /** The answer being written: its turn on the page and the text so far. */
  #current = null;
  /** Whether the reader is at the end, and goes along with it. */
  #along = true;
  /** How much of it is seen. */
  #height = 0;

  /** `refresh()` puts the server's page in place of ours; `settled()` hears that an answer ended. */
  constructor(root, { refresh, settled = () => {} }) {
    this.#root = root;
    this.#box = find(".transcript", root);
    this.#refresh = refresh;
    this.#settled = settled;
    this.#box.addEventListener("scroll", () => {
      // What moves because its room has changed was not moved by the reader.
      if (this.#box.clientHeight === this.#height)
        this.#along = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < 80;
    });
    this.resume();
    const target = location.hash.startsWith("#msg_") && turns.byId(location.hash.slice(1));
    this.#along = !target;
    if (target) target.scrollIntoView({ block: "start" });
    this.goAlong();
    // A phone's keyboard takes half of it away, and a box to write in grows.
    new ResizeObserver(() => {
      this.#height = this.#box.clientHeight;
      this.goAlong();
    }).observe(this.#box);
  }

  /** Take over what the server rendered. */
  resume() {
    this.#unwrite();
    turns.adoptAll();
    const open = all('.turn--agent[data-state="writing"]', this.#root).at(-1);
    if (open) this.#write(open, find(".raw", open).content.textContent);
  }

  /** Stay at the end, if that is where the reader is. */
  goAlong() {
    if (this.#along) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** Show one event of the stream. */
  happened(name, data) {
    if (name === "message") this.#arrived(data);
    else if (name === "delta") this.#grown(data);
    else if (name === "done") this.#finished(data);
    else if (name === "status") this.#informed(data);
    else if (name === "resync") this.#refresh();
    this.goAlong();
  }

  #arrived(message) {
    const known = turns.byId(message.id);
    const before = message.replaces && turns.byId(message.replaces);
    // What another message stands for stays here, marked, as the server shows it.
    if (before && (before.matches(".turn--visitor") || before.dataset.state === "done")) return this.#refresh();
    if (message.author.kind === "visitor") {
      return turns.identify(known ?? turns.visitor(message.text), message);
    }
    if (turns.isPerson(message)) return known || turns.person(message);
    if (message.author.kind !== "agent") return known || turns.system(message);
    const turn = known ?? (message.replaces && turns.byId(message.replaces)) ?? turns.agent();
    find(`.machine[data-turn="${turn.dataset.turn}"]`, this.#root)?.remove();
    turns.identify(turn, message);
    if (message.state === "writing") {
      turns.open(turn);
      this.#write(turn, message.text ?? "");
    } else if (turn.dataset.state !== message.state || turn === this.#current?.turn) this.#close(turn, message);
  }

  #informed({ turn, label }) {
    const known = turns.byTurn(turn);
    if (!known) return;
    if (this.#current?.turn !== known) this.#write(known, "");
    this.#current.doing.told(label);
  }

  #grown({ turn, offset, text }) {
    const known = turns.byTurn(turn);
    if (!known) return this.#refresh();
    if (this.#current?.turn !== known) this.#write(known, "");
    if (!this.#current.reply.delta(offset, text)) return this.#refresh();
    this.#current.doing.say(word("writing"));
    this.#current.doing.heard();
  }

  #finished({ message }) {
    const turn = turns.byId(message.id) ?? turns.byTurn(message.turn) ?? turns.agent();
    turns.identify(turn, message);
    this.#close(turn, message);
    say(word("ready", { n: message.text.trim().split(/\s+/).length }));
  }

  #write(turn, text) {
    if (this.#current?.turn === turn) return this.#current.reply.delta(0, text);
    this.#unwrite();
    const doing = new turns.Doing(turn, word(text ? "writing" : "thinking"));
    this.#current = { turn, doing, reply: new Reply(find(".prose", turn), text) };
  }

  #unwrite() {
    this.#current?.doing.end();
    this.#current?.reply.end();
    this.#current = null;
  }

  #close(turn, message) {
    if (this.#current?.turn === turn) this.#unwrite();
    turns.close(turn, message);
    this.#settled();
  }
}

/** Do `work` once at a time, and again if asked meanwhile: what comes last is not the older news. */
export function oneByOne(work) {
  let under = null;
  let again = false;
  const all = async () => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    again = true;
    under ??= all().finally(() => (under = null));
    return under;
  };
}

/** Fetch a page of ours and read it; null when it is not to be had, or is another one by now. */
export async function fetched(address, options = {}) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, ...options }).catch(() => null);
  if (!answer) return null;
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

/** Enter sends a form's message, Shift and Enter begins a new line. */
export function sendsOnEnter(root, form) {
  root.addEventListener("keydown", (event) => {
    // 229: some browsers report the Enter that ends a composition only so.
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing) return;
    const found = event.target.closest(form);
    if (!found || !event.target.matches("textarea") || event.keyCode === 229) return;
    event.preventDefault();
    if (event.target.value.trim()) found.requestSubmit();
  });
}
