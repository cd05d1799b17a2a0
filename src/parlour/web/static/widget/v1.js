// Parlour's chat on a page of yours: <script async src="…/widget/v1.js" data-link="…"></script>, or
// <chat-link link="…"></chat-link>. The chat is a page of its own, in a frame made when it is
// first opened. It changes nothing of the page around: all is in a shadow tree with a private port.

(() => {
  const NAME = "chat-link";
  if (customElements.get(NAME)) return;
  const script = document.currentScript;
  const HOME = new URL(script?.dataset.host || script?.src || location.href).origin;
  const PHONE = matchMedia("(max-width: 480px)");
  const SIZES = { small: 48, regular: 56, large: 64 };
  const WORDS = { chat: "Chat", open: "Open the chat", close: "Close the chat", dismiss: "Dismiss", unread: "{n} new" };
  const ICONS = {
    talk: "M5 4.5h14A2.5 2.5 0 0 1 21.5 7v8a2.5 2.5 0 0 1-2.5 2.5h-6L8 21.5v-4H5A2.5 2.5 0 0 1 2.5 15V7A2.5 2.5 0 0 1 5 4.5z",
    down: "m6 9.5 6 6 6-6",
    close: "M6 6l12 12M18 6 6 18",
  };
  const CSS = `
:host { all: initial !important; color-scheme: light dark !important; --on: var(--l-on); --accent: var(--l-accent); --paper: #fffefb; --ink: #22201b; --line: #ddd8cc; --shade: #eeebe3; }
:host([data-as="bubble"]) { display: block !important; position: fixed !important; z-index: 2147483600 !important; width: 0 !important; height: 0 !important; inset: auto 0 0 auto !important; }
:host([data-as="inline"]) { display: block !important; position: relative !important; width: 100% !important; height: var(--chat-link-height, 640px) !important; }
:host([data-as="page"]) { display: block !important; position: fixed !important; inset: 0 !important; z-index: 2147483600 !important; }
:host([hidden]) { display: none !important; }
@media print { :host([data-as="bubble"]) { display: none !important; } }
* { box-sizing: border-box; font: 400 15px/1.4 system-ui, sans-serif; letter-spacing: 0; }
button { border: 0; margin: 0; padding: 0; cursor: pointer; background: none; color: inherit; touch-action: manipulation; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
svg { display: block; width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.launch { position: fixed; inset-block-end: max(20px, env(safe-area-inset-bottom)); display: flex; align-items: center; justify-content: center; gap: 10px; height: var(--size); min-width: var(--size); border-radius: 99px; background: var(--accent); color: var(--on); box-shadow: 0 4px 16px rgb(0 0 0 / .22); }
.launch.worded { padding: 0; padding-inline: 18px 22px; } .launch span { color: inherit; font-weight: 600; white-space: nowrap; }
:host([data-side="right"]) .launch { right: max(20px, env(safe-area-inset-right)); } :host([data-side="left"]) .launch { left: max(20px, env(safe-area-inset-left)); }
.launch img { width: calc(var(--size) - 12px); height: calc(var(--size) - 12px); border-radius: 50%; background: #fff; object-fit: cover; } .launch.worded:has(img) { padding-inline-start: 7px; }
.launch b { position: absolute; top: -4px; inset-inline-end: -4px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 99px; background: #b3261e; color: #fff; font: 700 13px/22px system-ui, sans-serif; text-align: center; }
.teaser { position: fixed; bottom: calc(34px + var(--size)); display: flex; gap: 4px; max-width: min(280px, calc(100vw - 40px)); padding-block: 12px; padding-inline: 14px 6px; border: 1px solid var(--line); border-radius: 14px; background: var(--paper); color: var(--ink); box-shadow: 0 4px 16px rgb(0 0 0 / .12); }
:host([data-side="right"]) .teaser { right: 20px; } :host([data-side="left"]) .teaser { left: 20px; }
.teaser button { text-align: start; unicode-bidi: plaintext; } .teaser .away { flex: none; width: 28px; height: 28px; display: grid; place-items: center; } .teaser svg { width: 15px; height: 15px; }
dialog, .box { position: fixed; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 16px; overflow: hidden; background: var(--paper); color: var(--ink); }
dialog { inset: auto; bottom: calc(34px + var(--size)); width: min(400px, calc(100vw - 40px)); max-width: none; height: min(640px, calc(100dvh - 60px - var(--size))); max-height: none; box-shadow: 0 12px 48px rgb(0 0 0 / .24); }
:host([data-side="right"]) dialog { right: 20px; } :host([data-side="left"]) dialog { left: 20px; }
dialog::backdrop { background: none; }
.box { position: absolute; inset: 0; } :host([data-as="page"]) .box { border: 0; border-radius: 0; }
iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; background: transparent; color-scheme: normal; }
.shut { position: absolute; z-index: 2; top: 10px; inset-inline-end: 10px; width: 36px; height: 36px; display: grid; place-items: center; border-radius: 10px; color: var(--ink); }
.shut:hover { background: var(--shade); } .shut svg { width: 20px; height: 20px; }
.wait { position: absolute; inset: 0; display: grid; align-content: start; gap: 14px; padding: 18px; background: var(--paper); }
.wait i { display: block; height: 14px; border-radius: 7px; background: var(--shade); } .wait i:first-child { width: 45%; height: 20px; margin-bottom: 26px; } .wait i:nth-child(3) { width: 80%; } .wait i:last-child { position: absolute; inset: auto 18px 18px; height: 46px; border-radius: 23px; }
@media (max-width: 480px) { dialog { inset: 0 !important; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } .shut { width: 44px; height: 44px; top: 6px; inset-inline-end: 6px; } }
@media (prefers-reduced-motion: no-preference) { dialog[open] { animation: up .16s ease-out; } .launch { transition: transform .12s; } .launch:active { transform: scale(.96); } .wait i { animation: pulse 1.2s infinite alternate; } }
@keyframes up { from { opacity: 0; transform: translateY(10px); } } @keyframes pulse { to { opacity: .5; } }
@media (forced-colors: active) { .launch, .teaser, dialog { border: 1px solid; } }
`;
  const DARK = ":host { --on: var(--d-on); --accent: var(--d-accent); --paper: #211e1a; --ink: #efe9dd; --line: #413c34; --shade: #2b2823; }";

  const make = (tag, name, ...inside) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...inside);
    return made;
  };
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };
  const button = (name, label, does, ...inside) => {
    const made = make("button", name, ...inside);
    made.type = "button";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", does);
    return made;
  };
  const sheet = (text) => {
    const made = new CSSStyleSheet();
    made.replaceSync(text);
    return made;
  };
  const store = (kind, name, value) => {
    try {
      if (value === undefined) return kind.getItem(name);
      if (value === null) kind.removeItem(name);
      else kind.setItem(name, value);
    } catch { /* nothing is kept here */ }
    return null;
  };
  const colour = (text, otherwise) => (/^#[0-9a-f]{6}$/.test(text) ? text : otherwise);

  class ChatLink extends HTMLElement {
    #look = {}; #words = WORDS; #root; #launch; #panel; #frame; #port; #signed; #teaser;
    #isOpen = false; #wasBuilt = false; #unread = 0;

    connectedCallback() {
      if (this.#wasBuilt) return;
      this.#wasBuilt = true;
      this.#root = this.attachShadow({ mode: "open" });
      this.dataset.as = ["inline", "page"].find((each) => each === this.getAttribute("as")) ?? "bubble";
      if (!/^[A-Za-z0-9_-]{3,44}$/.test(this.link)) return void (this.hidden = true);
      if (this.dataset.as !== "bubble") this.#build();
      this.#ask();
    }

    disconnectedCallback() {
      this.#port?.close();
      this.#frame?.remove();
      this.#port = this.#frame = undefined;
    }

    get link() { return this.getAttribute("link") ?? ""; }
    get isOpen() { return this.#isOpen; }

    /** Show the chat. */
    open() { this.#show(true); }

    /** Put it away; it goes on where it was. */
    close() { this.#hide(); }

    /** Tell who the visitor is, by a word that your server has signed. */
    identify(signed) {
      this.#signed = typeof signed === "string" && signed.length <= 4096 ? signed : undefined;
      this.#tell({ type: "identify", id: this.#signed });
    }

    /** Hear of `ready`, `open`, `close`, `message` and `identified`; returns what ends that. */
    on(name, hear) {
      const heard = (event) => hear(event.detail);
      this.addEventListener(`${NAME}:${name}`, heard);
      return () => this.removeEventListener(`${NAME}:${name}`, heard);
    }

    async #ask() {
      try {
        const language = this.getAttribute("lang") ?? "";
        const answer = await fetch(`${HOME}/api/public/widget/${this.link}?lang=${encodeURIComponent(language)}`, { credentials: "omit" });
        if (answer.status === 404) {
          console.warn(`${NAME}: this link does not work on ${location.origin}`);
          this.hidden = true;
          return;
        }
        if (answer.ok) this.#look = await answer.json();
      } catch { /* the page's policy names no connect-src for us: then as nothing was chosen */ }
      if (!this.isConnected) return;
      this.#words = Object.assign(Object.create(null), WORDS, this.#look.words);
      if (this.dataset.as === "bubble") this.#build();
      else this.#dress();
      this.#happened("ready");
    }

    #dress() {
      const { accent, theme = "auto", position, size, direction } = this.#look;
      // What was chosen in the studio is meant for pages that read from the left; others mirror it.
      const mirrored = getComputedStyle(document.documentElement).direction === "rtl";
      const chosen = position === "left" ? "left" : "right";
      this.dataset.side = this.getAttribute("position") ?? (mirrored ? { left: "right", right: "left" }[chosen] : chosen);
      if (this.dataset.side !== "left") this.dataset.side = "right";
      const rules = `:host { --size: ${SIZES[size] ?? 56}px; --l-accent: ${colour(accent?.light, "#1c4a63")}; --l-on: ${colour(accent?.on_light, "#ffffff")}; --d-accent: ${colour(accent?.dark, "#8fc1dc")}; --d-on: ${colour(accent?.on_dark, "#0e2330")}; direction: ${direction === "rtl" ? "rtl" : "ltr"} !important; }`;
      const dark = theme === "light" ? "" : theme === "dark" ? DARK : `@media (prefers-color-scheme: dark) { ${DARK} }`;
      this.#root.adoptedStyleSheets = [sheet(CSS), sheet(rules), sheet(dark)];
      this.#frame?.setAttribute("title", this.#name);
    }

    get #name() { return this.#look.name || this.#words.chat; }

    #build() {
      this.#dress();
      if (this.dataset.as !== "bubble") {
        this.#panel = make("div", "box");
        this.#root.replaceChildren(this.#panel);
        const seen = new IntersectionObserver((entries) => {
          if (!entries.some((each) => each.isIntersecting)) return;
          seen.disconnect();
          this.#isOpen = true;
          this.#load();
        });
        seen.observe(this);
        return;
      }
      const words = this.#look.label ? [make("span", "", this.#look.label)] : [];
      this.#launch = button(`launch${words.length ? " worded" : ""}`, "", () => (this.#isOpen ? this.#hide() : this.#show(true)), icon("talk"), ...words);
      this.#launch.setAttribute("aria-haspopup", "dialog");
      this.#panel = make("dialog", "", button("shut", this.#words.close, () => this.#hide(), icon("close")));
      this.#panel.setAttribute("aria-label", this.#name);
      this.#panel.addEventListener("cancel", (event) => { event.preventDefault(); this.#hide(); });
      this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#hide());
      this.#root.replaceChildren(this.#panel, this.#launch);
      this.#mark();
      if (this.#look.teaser && store(localStorage, this.#key) !== this.#look.teaser) this.#tease();
      if (this.hasAttribute("open")) this.#show(false);
      else if (!PHONE.matches && store(sessionStorage, this.#key) === "open") this.#show(false);
    }

    get #key() { return `${NAME}.${this.link}`; }

    #tease() {
      const away = () => { store(localStorage, this.#key, this.#look.teaser); this.#teaser?.remove(); };
      this.#teaser = make("div", "teaser", button("", "", () => this.#show(true), this.#look.teaser), button("away", this.#words.dismiss, away, icon("close")));
      this.#root.append(this.#teaser);
    }

    #show(focus) {
      if (!this.#panel || this.#isOpen) return;
      this.#isOpen = true;
      this.#unread = 0;
      if (this.#teaser) { store(localStorage, this.#key, this.#look.teaser); this.#teaser.remove(); }
      if (this.#launch) {
        // On a phone it is all there is: what is behind it cannot be reached.
        if (PHONE.matches) this.#panel.showModal();
        else this.#panel.show();
        store(sessionStorage, this.#key, "open");
        this.#mark();
      }
      this.#load();
      if (focus && !PHONE.matches) { this.#frame.focus(); this.#tell({ type: "open" }); }
      else if (!focus) this.#panel.contains(this.#root.activeElement) && this.#root.activeElement.blur();
      this.#happened("open");
    }

    #hide() {
      if (!this.#launch || !this.#isOpen) return;
      this.#isOpen = false;
      this.#panel.close();
      store(sessionStorage, this.#key, null);
      this.#mark();
      this.#launch.focus();
      this.#happened("close");
    }

    #mark() {
      const label = this.#isOpen ? this.#words.close : this.#look.label || this.#words.open;
      const news = this.#unread ? `, ${this.#words.unread.replace("{n}", this.#unread)}` : "";
      this.#launch.setAttribute("aria-label", label + news);
      this.#launch.setAttribute("aria-expanded", this.#isOpen);
      this.#launch.firstChild.replaceWith(this.#isOpen ? icon("down") : this.#face());
      this.#launch.querySelector("b")?.remove();
      if (this.#unread) this.#launch.append(make("b", "", Math.min(this.#unread, 99)));
    }

    /** The agent's picture, or a sign where there is none or none may be shown. */
    #face() {
      const at = this.#look.picture;
      if (!/^\/pictures\/[0-9a-f]{32}\.webp$/.test(at)) return icon("talk");
      const picture = make("img");
      picture.alt = "";
      picture.addEventListener("error", () => {
        this.#look.picture = null;
        picture.replaceWith(icon("talk"));
      });
      picture.src = HOME + at;
      return picture;
    }

    /** Make the frame, behind a few grey lines until it has something to show. */
    #load() {
      if (this.#frame) return;
      const wait = make("div", "wait", make("i"), make("i"), make("i"), make("i"));
      const frame = (this.#frame = make("iframe"));
      frame.title = this.#name;
      frame.referrerPolicy = "origin"; // so that the list of sites it was seen on is true
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-popups-to-escape-sandbox");
      frame.allow = "clipboard-write; microphone";
      frame.addEventListener("load", () => {
        wait.remove();
        this.#greet();
      });
      frame.src = `${HOME}/chat/${this.link}${this.#given()}`;
      this.#panel.append(frame, wait);
    }

    /** What the page says of its visitor. */
    #given() {
      const given = new URLSearchParams();
      for (const { name, value } of this.attributes) {
        if (!value) continue;
        if (name === "lang") given.set(name, value);
        else if (name.startsWith("v-")) given.set(`v.${name.slice(2)}`, value);
      }
      return `${given}` && `?${given}`;
    }

    /** Hand the page in the frame one end of a port of its own; nobody else can speak there. */
    #greet() {
      const { port1, port2 } = new MessageChannel();
      this.#port?.close();
      this.#port = port1;
      port1.onmessage = ({ data }) => this.#heard(data);
      this.#frame.contentWindow.postMessage({ type: "parlour" }, HOME, [port2]);
    }

    #heard(data) {
      switch (data?.type) {
        case "ready":
          if (this.#launch) this.#tell({ type: "closable" });
          if (this.#signed) this.#tell({ type: "identify", id: this.#signed });
          if (this.#isOpen && this.#root.activeElement === this.#frame && !PHONE.matches) this.#tell({ type: "open" });
          break;
        case "close":
          this.#hide();
          break;
        case "identified":
          this.#happened("identified", { identified: data.identified === true });
          break;
        case "message":
          if (this.#launch && !this.#isOpen) {
            this.#unread += 1;
            this.#mark();
          }
          this.#happened("message");
      }
    }

    #tell(message) { this.#port?.postMessage(message); }

    #happened(name, detail = {}) {
      this.dispatchEvent(new CustomEvent(`${NAME}:${name}`, { detail, bubbles: true, composed: true }));
    }
  }

  customElements.define(NAME, ChatLink);
  const link = script?.dataset.link;
  if (!link) return;
  const place = () => {
    const made = document.createElement(NAME);
    for (const { name, value } of script.attributes) {
      const [, said] = /^data-(link|as|lang|position|open|v-.+)$/.exec(name) ?? [];
      if (said) made.setAttribute(said, value);
    }
    if (script.dataset.as === "inline") script.after(made);
    else document.body.append(made);
  };
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
