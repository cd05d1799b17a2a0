// Where the transcript stands: a sent message goes near the top, the answer fills the space below.

import { find, word } from "./dom.js";

const ABOVE = 48; // px left over the visitor's turn
const NEAR = 24; // px from the end that still count as the end

export class Scroll {
  #log = find("#log"); #turns = find(".turns"); #button = find(".jump");
  #following = true; #last = 0; #anchor = null; #room = null; #unseen = 0;

  constructor() {
    this.#log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#log.addEventListener("wheel", (event) => { if (event.deltaY < 0) this.#following = false; }, { passive: true });
    const watch = new ResizeObserver(() => { this.#fit(); this.#follow(); });
    watch.observe(this.#turns);
    watch.observe(this.#log);
    this.#button.addEventListener("click", () => this.toEnd(true));
  }

  /** Begin an exchange: `visitor` near the top, `reply` with the room to be written in. */
  anchor(visitor, reply) {
    if (this.#room) this.#room.style.minHeight = "";
    this.#anchor = visitor;
    this.#room = reply;
    this.#following = true;
    this.#fit();
    this.#follow();
  }

  /** The reply stands in another element now, or there is none (null). */
  move(reply) {
    if (this.#room && this.#room !== reply) this.#room.style.minHeight = "";
    this.#room = reply;
    this.#fit();
  }

  toEnd(smooth = false) {
    this.#following = true;
    const calm = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#log.scrollTo({ top: this.#log.scrollHeight, behavior: calm ? "instant" : "smooth" });
  }

  /** Something new has come while the reader may be elsewhere. */
  arrived() {
    if (!this.#following) this.#unseen += 1;
    this.#show();
  }

  #fit() {
    const { offsetHeight, offsetTop } = this.#anchor ?? {};
    if (!this.#room || !this.#anchor?.isConnected) return;
    // Once somebody else has said something below it, the reply keeps no room of its own.
    if (this.#room !== this.#turns.lastElementChild) return this.move(null);
    const gap = this.#room.offsetTop - offsetTop - offsetHeight;
    // The first question stays where it is, below the name of the day.
    const above = offsetTop < 2 * ABOVE ? offsetTop : ABOVE;
    const below = parseFloat(getComputedStyle(this.#log).paddingBottom);
    const room = Math.max(0, this.#log.clientHeight - above - offsetHeight - gap - below);
    this.#room.style.minHeight = `${room}px`;
  }

  #follow() {
    if (this.#following) this.#log.scrollTop = this.#log.scrollHeight;
    this.#show();
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.clientHeight - this.#log.scrollTop < NEAR;
  }

  #scrolled() {
    if (this.#atEnd()) this.#following = true;
    else if (this.#log.scrollTop < this.#last) this.#following = false;
    this.#last = this.#log.scrollTop;
    this.#show();
  }

  #show() {
    const away = this.#log.scrollHeight - this.#log.clientHeight - this.#log.scrollTop;
    this.#button.hidden = this.#following || away < 120;
    if (this.#following) this.#unseen = 0;
    find("span", this.#button).textContent =
      this.#unseen === 0 ? "" : word("new", { n: this.#unseen });
  }
}
