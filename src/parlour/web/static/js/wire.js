// The two ways to the server: requests that do something, and the stream of what happens.

import { body, headers } from "./dom.js";

const EVENTS = ["message", "status", "delta", "done", "control", "typing", "around", "refused", "resync"];
const QUIET = 2000; // ms a lost stream stays unmentioned
const LONGEST = 15000; // ms between attempts, at most

const language = document.documentElement.lang;
const address = (verb) => `/api/public/${verb}/${body.dataset.token}`;

async function ask(verb, method, content) {
  const answer = await fetch(`${address(verb)}?lang=${language}`, {
    method,
    headers: headers(content && { "Content-Type": "application/json" }),
    body: content ? JSON.stringify(content) : undefined,
  });
  const data = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After"));
  return { ok: answer.ok, status: answer.status, data, wait, left: allowance(answer.headers) };
}

/** What the answer's headers say is left: {minute: {r, t, q}, …}, `r` more within `t` seconds of `q`. */
function allowance(headers) {
  const found = {};
  for (const name of ["RateLimit", "RateLimit-Policy"]) {
    for (const [, policy, told] of (headers.get(name) ?? "").matchAll(/"(\w+)"((?:;\w+=\d+)*)/g)) {
      const numbers = [...told.matchAll(/(\w+)=(\d+)/g)].map(([, key, number]) => [key, Number(number)]);
      found[policy] = { ...found[policy], ...Object.fromEntries(numbers) };
    }
  }
  return found;
}

/** Two tries of a first message begin one session, because both carry the same `start`. */
export const say = (message, id, start, more) =>
  ask("chat", "POST", { message, message_id: id, start: start || undefined, async_mode: true, ...more });
export const typing = () => ask("typing", "POST");
export const stop = () => ask("stop", "POST");
export const retry = () => ask("retry", "POST");
export const again = (message_id) => ask("again", "POST", { message_id });
export const rate = (rating) => ask("rate", "POST", rating);
export const clear = () => ask("session", "DELETE");

/** An id for a message; crypto.randomUUID is missing on plain-http pages. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Follows the conversation; reconnects by itself and says so only when it takes long. */
export class Live {
  #path; #source = null; #timer = 0; #lost = 0; #attempt = 0; #handle; #state; #probe;
  after = "";
  /** What the page shows that the server cannot know; asked for anew with each connection. */
  known = () => ({});

  /** `handle(name, data)` takes events, `state(lost)` the line, `probe()` says if a retry makes sense. */
  constructor(handle, state, probe, path = address("live")) {
    this.#path = path;
    this.#handle = handle;
    this.#state = state;
    this.#probe = probe;
    addEventListener("online", () => this.connected && this.connect());
    addEventListener("offline", () => this.connected && this.#state(true));
  }

  get connected() { return this.#source !== null; }

  connect(after = this.after) {
    this.after = after;
    clearTimeout(this.#timer);
    this.#source?.close();
    const query = new URLSearchParams({ lang: language, ...this.known(), ...(after && { after }) });
    const source = (this.#source = new EventSource(`${this.#path}${this.#path.includes("?") ? "&" : "?"}${query}`));
    source.onopen = () => {
      this.#attempt = 0;
      this.#found();
    };
    source.onerror = () => this.#failed(source);
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        if (event.lastEventId) this.after = event.lastEventId;
        this.#handle(name, JSON.parse(event.data || "{}"));
      });
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#found();
  }

  #found() {
    clearTimeout(this.#lost);
    this.#lost = 0;
    this.#state(false);
  }

  async #failed(source) {
    if (source !== this.#source) return;
    this.#lost ||= setTimeout(() => this.#state(true), QUIET);
    // The browser tries again after a break, but gives up for good on an answer such as 502.
    // And it comes back by the address it has, which may not say any more what the page shows.
    if (source.readyState !== EventSource.CLOSED) {
      if (Object.keys(this.known()).length) {
        source.close();
        this.#timer = setTimeout(() => this.connect(), 1000);
      }
      return;
    }
    this.#attempt += 1;
    if (navigator.onLine && !(await this.#probe(this.#attempt))) return;
    if (source !== this.#source) return;
    const wait = Math.min(LONGEST, 500 * 2 ** this.#attempt) * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.connect(), wait);
  }
}
