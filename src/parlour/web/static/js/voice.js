// Speaking into the message box, where the browser understands speech; nothing is sent by itself.

import { find } from "./dom.js";

const Heard = window.SpeechRecognition ?? window.webkitSpeechRecognition;
const button = find(".voice");
const field = find("#message");
const line = find("#heard");
const DENIED = ["not-allowed", "service-not-allowed"];
const QUIET = ["aborted", "no-speech"];

let listening = null;

if (Heard && button) {
  button.hidden = false;
  button.addEventListener("click", () => (listening ? listening.stop() : listen()));
  // Whoever types or sends has done with speaking: what is heard later would be in the way.
  field.addEventListener("input", (event) => event.isTrusted && listening?.abort());
  find("#composer").addEventListener("submit", () => listening?.abort(), { capture: true });
  document.addEventListener("keydown", escaped, { capture: true });
}

function escaped(event) {
  if (event.key !== "Escape" || !listening) return;
  event.stopPropagation();
  listening.stop();
}

function listen() {
  const heard = new Heard();
  const before = field.value && !/\s$/.test(field.value) ? `${field.value} ` : field.value;
  let problem = "";
  heard.lang = document.documentElement.lang;
  heard.continuous = true;
  heard.interimResults = true;
  heard.onresult = ({ results }) => {
    if (listening !== heard) return;
    field.value = before + [...results].map(([best]) => best.transcript).join("");
    field.dispatchEvent(new Event("input"));
    field.scrollTop = field.scrollHeight;
  };
  heard.onerror = ({ error }) => {
    if (!QUIET.includes(error)) problem = DENIED.includes(error) ? "denied" : "failed";
  };
  heard.onend = () => {
    if (listening !== heard) return;
    show(null, button.dataset[problem] ?? "");
    field.focus();
  };
  // Aborted, it may still tell what it had heard: from here on that is nobody's.
  const { abort } = heard;
  heard.abort = () => {
    show(null);
    abort.call(heard);
  };
  show(heard, button.dataset.on);
  try {
    heard.start();
  } catch {
    show(null, button.dataset.failed);
  }
}

function show(now, text = "") {
  listening = now;
  button.setAttribute("aria-pressed", String(Boolean(now)));
  line.textContent = text;
  line.hidden = !text;
}
