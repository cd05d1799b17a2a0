// Where the transcript stands: a sent message goes near the top, the answer fills the space below.

import { find, word } from "./dom.js";

const ABOVE = 48; // px left over the visitor's turn
const NEAR = 24; // px from the end that still count as the end
const PACE = .3; // px a ms: what grows faster is read from its beginning

export class Scroll {
  #log = find("#log"); #turns = find(".turns"); #button = find(".jump");
  #following = true; #last = 0; #anchor = null; #room = null; #unseen = 0;
  #begun = 0; // when words of the reply came first; 1, which is long ago: it is left to be read
  #held = -1; // where it is left

  constructor() {
    this.#log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#log.addEventListener("wheel", (event) => { if (event.deltaY < 0) this.#following = false; }, { passive: true });
    const watch = new ResizeObserver(() => { this.#fit(); this.#follow(); });
    watch.observe(this.#turns);
    watch.observe(this.#log);
    this.#button.addEventListener("click", () => this.toEnd(true));
  }

  /** Begin an exchange: `visitor` near the top, `reply` with the room to be written in. */
  anchor(visitor, reply, come) {
    this.#anchor = visitor;
    this.#following = true;
    this.move(reply, come);
    this.#follow();
  }

  /** The reply stands in another element now, or there is none (null); `come`: it has words already. */
  move(reply, come) {
    if (this.#room && this.#room !== reply) this.#room.style.minHeight = "";
    this.#room = reply;
    this.#begun = 0;
    if (come) this.grows();
    this.#fit();
  }

  /** Words of the reply have come. */
  grows() { this.#begun ||= Date.now(); }

  toEnd(smooth = false) {
    this.#following = true;
    const calm = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#log.scrollTo({ top: this.#log.scrollHeight, behavior: calm ? "instant" : "smooth" });
  }

  /** Something new has come while the reader may be elsewhere; `awaited`: the reply. */
  arrived(awaited) {
    if (awaited) this.grows();
    if (!this.#following && !(awaited && this.#log.scrollTop === this.#held)) this.#unseen += 1;
    this.#show();
  }

  /** Where the view is with the question near its top; the first one stays below the name of the day. */
  get #top() {
    const { offsetTop } = this.#anchor;
    return offsetTop < 2 * ABOVE ? 0 : offsetTop - ABOVE;
  }

  #fit() {
    if (!this.#room || !this.#anchor?.isConnected) return;
    // Once somebody else has said something below it, the reply keeps no room of its own.
    if (this.#room !== this.#turns.lastElementChild) return this.move(null);
    const below = parseFloat(getComputedStyle(this.#log).paddingBottom);
    const room = Math.max(0, this.#log.clientHeight - (this.#room.offsetTop - this.#top) - below);
    this.#room.style.minHeight = `${room}px`;
  }

  #follow() {
    if (this.#following) {
      const end = this.#log.scrollHeight - this.#log.clientHeight;
      const place = this.#place();
      this.#log.scrollTop = Math.min(end, place);
      if (end - place > NEAR) {
        this.#following = false;
        this.#begun = 1;
        this.#held = this.#log.scrollTop;
      }
    }
    this.#show();
  }

  /** How far to go along: to the question only, while the reply comes faster than one reads. */
  #place() {
    const room = this.#room;
    if (!room || !this.#begun || !this.#anchor?.isConnected) return Infinity;
    if (room.offsetHeight < (Date.now() - this.#begun) * PACE) return Infinity;
    // Below a long question the reply begins half-way down.
    return Math.max(this.#top, room.offsetTop - this.#log.clientHeight / 2);
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
