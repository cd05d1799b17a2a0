// The message box: keys, growth, the draft that survives a reload, and messages that wait their turn.

import { clone, find, kept, word } from "./dom.js";

const FEW = 3; // messages a minute that are left when it is said
const SCARCE = 0.2; // of a day's tokens
const NEARLY = 0.8; // of a message's length

export class Composer {
  #form = find(".composer"); #field = find("#message"); #list = find(".queue"); #queue = [];
  #say; #stop; #recall; #most; #room = find("#room"); #told = 0;

  /** `say(text)` a message to send or queue, `stop()`, `recall()` the last question, to be said otherwise. */
  constructor({ say, stop, recall }) {
    this.#say = say;
    this.#stop = stop;
    this.#recall = recall;
    this.#field.required = false;
    this.#most = Number(this.#field.dataset.most);
    this.#form.addEventListener("submit", (event) => this.#submitted(event));
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => this.#changed());
    this.#list.addEventListener("click", (event) => this.#queued(event));
    const asked = new URLSearchParams(location.search).get("q");
    this.text = kept.get("draft") || this.#field.value || (asked ?? "").slice(0, 4000);
    this.#queue = kept.get("queue") ?? [];
    this.#draw();
  }

  get text() { return this.#field.value; }
  set text(text) {
    this.#field.value = text;
    this.#changed();
  }

  /** Say another thing in the empty box, or ("") what it said at first. */
  hint(text) {
    this.#field.placeholder = text || this.#field.dataset.hint;
  }

  focus() { this.#field.focus(); }

  /** Show Stop in the place of Send, or Send. */
  running(yes) {
    const send = find('[data-do="send"]');
    const stop = find('[data-do="stop"]');
    const focused = [send, stop].includes(document.activeElement);
    send.hidden = yes;
    stop.hidden = !yes;
    if (focused) (yes ? stop : send).focus();
  }

  /** Say what is left of the minute or of the day, before it is gone. */
  left({ minute, tokens }) {
    clearTimeout(this.#told);
    let said = "";
    if (minute?.r <= FEW) said = word("left", { n: minute.r });
    if (tokens?.r <= tokens?.q * SCARCE) said = word("left_tokens", { n: tokens.r });
    const line = find("#left");
    line.textContent = said;
    line.hidden = !said;
    if (said && minute?.r <= FEW) this.#told = setTimeout(() => this.left({ tokens }), minute.t * 1000);
  }

  enqueue(text) { this.#keep([...this.#queue, text]); }
  next() {
    const [first, ...rest] = this.#queue;
    if (first !== undefined) this.#keep(rest);
    return first;
  }
  clearQueue() { this.#keep([]); }

  /** Put text back in the box, before whatever has been typed since. */
  giveBack(text, focus = true) {
    this.text = this.text.trim() ? `${text}\n${this.text}` : text;
    if (focus) this.focus();
  }

  #submitted(event) {
    if (event.submitter?.name === "look") return; // it leads to another page
    event.preventDefault();
    if (event.submitter?.dataset.do === "stop") return this.#stop();
    const text = this.text.trim();
    if (!text || this.#measure() < 0) return this.focus();
    this.text = "";
    this.#say(text);
  }

  #key(event) {
    // 229: some browsers report the Enter that ends a composition only so.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#form.requestSubmit(find('[data-do="send"]'));
    } else if (event.key === "ArrowUp" && !this.text) {
      const last = this.#recall();
      if (!last) return;
      event.preventDefault();
      this.text = last;
      this.#field.setSelectionRange(last.length, last.length);
    }
  }

  #changed() {
    kept.set("draft", this.text);
    this.#form.classList.toggle("composer--blank", !this.text.trim());
    this.#measure();
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  /** Show how much room is left once little is; negative when the text is too long. */
  #measure() {
    const length = this.text.length < this.#most * NEARLY ? 0 : [...this.text.trim()].length;
    const room = this.#most - length;
    this.#room.hidden = room > this.#most * (1 - NEARLY);
    this.#room.classList.toggle("fine--over", room < 0);
    this.#field.setAttribute("aria-invalid", String(room < 0));
    if (!this.#room.hidden) {
      this.#room.textContent = word(room < 0 ? "over" : "room", { n: Math.abs(room) });
    }
    return room;
  }

  #keep(queue) {
    this.#queue = queue;
    kept.set("queue", queue.length ? queue : null);
    this.#draw();
  }

  #draw() {
    this.#list.replaceChildren(...this.#queue.map((text) => {
      const row = clone("t-queued");
      find("q", row).textContent = text;
      return row;
    }));
  }

  #queued(event) {
    const row = event.target.closest(".queued");
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (!row || !action) return;
    const place = [...this.#list.children].indexOf(row);
    const text = this.#queue[place];
    const rest = this.#queue.filter((_, index) => index !== place);
    this.#keep(action === "queue-send" ? [text, ...rest] : rest);
    if (action === "queue-edit") this.giveBack(text);
    else this.focus();
    if (action === "queue-send") this.#stop();
  }
}
