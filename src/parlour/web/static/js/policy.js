// Which addresses an answer may link to. The server judges by the same rules (addresses.py).

import { make } from "./dom.js";

/** Return {href, host} for http, https and mailto addresses that say plainly where they lead. */
export function address(raw) {
  if (/[\x00-\x20\x7f\\]|%5c/i.test(raw)) return null;
  let url;
  try { url = new URL(raw); } catch { return null; }
  if (url.protocol === "mailto:") {
    let who = "";
    try { who = decodeURIComponent(url.pathname); } catch { return null; }
    return /^[^\s@<>"'()]+@[^\s@<>"'()]+$/.test(who)
      ? { href: `mailto:${url.pathname}`, host: who } : null;
  }
  const plain = /^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(raw);
  return plain && !url.username && !url.password ? { href: url.href, host: url.host } : null;
}

/** A link around `children`, followed by the host it leads to unless its words are the address. */
export function link(target, children, shown) {
  const anchor = make("a", "", ...children);
  anchor.href = target.href;
  anchor.rel = "noopener noreferrer nofollow ugc";
  anchor.target = "_blank";
  return saysSo(target, shown) ? [anchor] : [anchor, make("span", "host", target.host)];
}

function saysSo({ href, host }, shown) {
  const bare = (text) => text.trim().toLowerCase().replace(/\/+$/, "");
  return [href, href.replace(/^[a-z]+:(\/\/)?/i, ""), host].map(bare).includes(bare(shown));
}
