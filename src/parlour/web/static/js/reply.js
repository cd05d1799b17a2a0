// One answer as it is written: text that grows becomes elements, never HTML.

import * as smd from "../vendor/smd.js";
import { make, word } from "./dom.js";
import { address, link } from "./policy.js";
import { colour } from "./colour.js";

const TAGS = {
  [smd.PARAGRAPH]: "p", [smd.BLOCKQUOTE]: "blockquote", [smd.RULE]: "hr",
  [smd.ITALIC_AST]: "em", [smd.ITALIC_UND]: "em", [smd.STRONG_AST]: "strong",
  [smd.STRONG_UND]: "strong", [smd.STRIKE]: "s", [smd.CODE_INLINE]: "code",
  [smd.LIST_UNORDERED]: "ul", [smd.LIST_ORDERED]: "ol", [smd.LIST_ITEM]: "li",
  [smd.EQUATION_BLOCK]: "p", [smd.EQUATION_INLINE]: "span",
};
const LINKS = [smd.LINK, smd.RAW_URL, smd.IMAGE];
const CODE = [smd.CODE_BLOCK, smd.CODE_FENCE];
const VERBATIM = [...CODE, smd.CODE_INLINE, smd.RAW_URL, smd.IMAGE];
const DEEPEST = 20; // the parser keeps 24 levels
const PASTED = 400; // this much at once is catching up, not writing: no fading

export class Reply {
  #root; #parser; #caret = make("span", "caret"); #held = ""; #last = ""; #fade = false;
  #stack = []; #levels = []; #waiting = ""; #frame = 0; #points = 0;
  text = "";

  constructor(root, text = "") {
    this.#root = root;
    this.#caret.setAttribute("aria-hidden", "true");
    this.#reset();
    this.#grow(text);
    this.paint();
  }

  /** Take a piece of the answer; false when pieces before it are missing. */
  delta(offset, text) {
    if (offset > this.#points) return false;
    const whole = offset === this.#points ? this.text + text
      : [...this.text].slice(0, offset).join("") + text;
    // What is here already is not taken back: pieces come again after a break.
    if (this.text.startsWith(whole)) return true;
    if (whole.startsWith(this.text)) {
      this.#grow(whole.slice(this.text.length));
    } else {
      this.#reset();
      this.#grow(whole);
    }
    // A hidden tab paints no frames, but must not fall behind.
    if (!this.#frame) {
      this.#frame = document.hidden ? setTimeout(() => this.paint(), 200)
        : requestAnimationFrame(() => this.paint());
    }
    return true;
  }

  /** Show everything that came and take the caret away. */
  end() {
    this.paint();
    this.#write(this.#held);
    this.#held = "";
    try { smd.parser_end(this.#parser); } catch { this.#plainly(); }
    this.#caret.remove();
  }

  #reset() {
    this.text = this.#waiting = this.#held = this.#last = "";
    this.#points = 0;
    this.#levels = [];
    this.#root.replaceChildren();
    this.#stack = [{ node: this.#root, type: smd.DOCUMENT }];
    this.#parser = smd.parser({
      data: this,
      add_token: (_, type) => this.#open(type),
      end_token: () => this.#close(),
      add_text: (_, text) => this.#text(text),
      set_attr: (_, attribute, value) => this.#attribute(attribute, value),
    });
  }

  #grow(text) {
    this.text += text;
    this.#waiting += text;
    for (const _ of text) this.#points += 1;
  }

  /** Show what has come; once a frame is enough. */
  paint() {
    this.#frame = 0;
    if (!this.#waiting) return;
    this.#caret.remove();
    this.#fade = this.#waiting.length < PASTED;
    this.#feed(this.#waiting);
    this.#waiting = "";
    this.#placeCaret();
  }

  /* The parser takes names_with_underscores for emphasis and $ for formulas; both are rare in
     answers and common in code, so such marks are escaped before it sees them. */
  #feed(text) {
    const all = this.#held + text;
    this.#held = /_+$/.exec(all)?.[0] ?? "";
    const ready = all.slice(0, all.length - this.#held.length);
    for (const part of ready.split(/(_+|\$)/)) {
      if (!part) continue;
      const mark = part[0] === "$" || part[0] === "_";
      const inside = part[0] === "$" || (/[\p{L}\p{N}]$/u.test(this.#last) && this.#nextIsWord(ready, part));
      this.#write(mark && inside && !this.#verbatim() ? part.replace(/./g, "\\$&") : part);
      this.#last = part.slice(-2);
      this.#seen += part.length;
    }
    this.#seen = 0;
  }
  #seen = 0;

  #nextIsWord(ready, part) {
    return /^[\p{L}\p{N}]/u.test(ready.slice(this.#seen + part.length));
  }

  #verbatim() {
    const { token, pending } = this.#parser;
    return VERBATIM.includes(token) || (pending[0] === "]" && pending[1] === "(");
  }

  #write(text) {
    if (this.#parser.failed) return this.#plainly();
    try {
      smd.parser_write(this.#parser, text);
    } catch {
      this.#parser.failed = true;
      this.#plainly();
    }
  }

  #plainly() {
    this.#root.replaceChildren(make("p", "plain", this.text));
  }

  get #top() { return this.#stack.at(-1); }

  #open(type) {
    if (this.#stack.length > DEEPEST) throw new Error("too deep");
    const parent = this.#top.node;
    let node;
    if (type === smd.LINE_BREAK) {
      parent.append("\n");
      node = parent;
    } else if (LINKS.includes(type)) {
      node = parent.appendChild(make("span"));
    } else if (CODE.includes(type)) {
      node = this.#codeBox(parent);
    } else if (type >= smd.HEADING_1 && type <= smd.HEADING_6) {
      node = parent.appendChild(make(`h${this.#level(type - smd.HEADING_1 + 1)}`));
    } else if (type === smd.CHECKBOX) {
      node = parent.appendChild(make("span", "task"));
    } else if (type === smd.TABLE) {
      node = this.#tableBox(parent);
    } else if (type === smd.TABLE_ROW) {
      node = (parent.tBodies[0] ?? parent.appendChild(make(parent.tHead ? "tbody" : "thead")))
        .appendChild(make("tr"));
    } else if (type === smd.TABLE_CELL) {
      node = parent.appendChild(make(parent.parentNode.tagName === "THEAD" ? "th" : "td"));
    } else {
      node = parent.appendChild(make(TAGS[type] ?? "span"));
    }
    this.#stack.push({ node, type });
  }

  #close() {
    const { node, type, url } = this.#stack.pop();
    if (LINKS.includes(type)) this.#closeLink(node, type, url);
    if (CODE.includes(type)) colour(node);
  }

  #text(text) {
    const { node, type } = this.#top;
    if (CODE.includes(type) || !this.#fade) node.append(text);
    else node.append(make("span", "fresh", text));
  }

  #attribute(attribute, value) {
    const top = this.#top;
    if (attribute === smd.HREF || attribute === smd.SRC) top.url = value;
    if (attribute === smd.CHECKED) top.node.classList.add("task--done");
    if (attribute === smd.START && /^\d{1,9}$/.test(value)) top.node.setAttribute("start", value);
    if (attribute === smd.LANG) {
      const label = value.trim().split(/\s/)[0].slice(0, 24);
      if (label) top.node.closest("figure").querySelector("span").textContent = label;
    }
  }

  #closeLink(slot, type, url) {
    const shown = slot.textContent;
    const target = url === undefined ? null : address(url.trim().split(/\s+["'(]/)[0]);
    if (target) {
      const label = shown || (type === smd.IMAGE ? word("picture") : target.host);
      slot.replaceWith(...link(target, shown ? [...slot.childNodes] : [label], label));
    } else if (url === undefined && type === smd.LINK && this.#parser.pending[0] === "]") {
      if (/^\d{1,3}(\s?,\s?\d{1,3})*$/.test(shown)) {
        slot.replaceWith(...shown.split(",").map((n) => make("span", "cite", n.trim())));
      } else {
        slot.prepend("[");
        slot.append("]");
      }
    }
  }

  #codeBox(parent) {
    const code = make("code");
    const pre = make("pre", "", code);
    pre.tabIndex = 0;
    parent.append(make("figure", "code", make("div", "code__head", make("span", "", word("code"))), pre));
    return code;
  }

  #tableBox(parent) {
    const table = make("table");
    const scroll = make("div", "table-box__scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", word("table"));
    parent.append(make("figure", "table-box", scroll));
    return table;
  }

  #level(asked) {
    while (this.#levels.length && this.#levels.at(-1) >= asked) this.#levels.pop();
    this.#levels.push(asked);
    return Math.min(2 + this.#levels.length, 6);
  }

  #placeCaret() {
    let node = this.#top.node;
    if (node === this.#root) node = node.lastElementChild;
    while (node?.matches("ul, ol, blockquote, li:has(> p, > ul, > ol)")) node = node.lastElementChild;
    if (node?.matches("p, li, h3, h4, h5, h6, em, strong, s, span, code, td, th")) node.append(this.#caret);
  }
}
