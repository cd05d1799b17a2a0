// Confirming an address without leaving the page: paste a code, wait for another, go on where one was.

import { body, find, headers, kept, say, word } from "./dom.js";

const APART = 45; // s until another code can be asked for
const token = body.dataset.token;
/** What binds a code to this browser: that of the page on which it was asked for. */
let start = find('[name="start"]').value;
const email = find("#email");
const code = find("#code");
const again = find('[data-do="again"]');
let timer = 0;
let busy = false;

find("#step-email form").addEventListener("submit", (event) => handled(event, request));
find("#step-code form").addEventListener("submit", (event) => handled(event, confirm));
again.addEventListener("click", (event) => handled(event, request));
find('[data-do="other"]').addEventListener("click", (event) => {
  event.preventDefault();
  kept.set("asked", null);
  show("email");
});
code.addEventListener("input", typed);
resume();

/** A reload, or a tab that the phone threw away meanwhile, comes back to the step it was at. */
function resume() {
  const asked = kept.get("asked");
  const shown = find("#step-code").hidden ? "email" : "code";
  if (shown === "code" && email.value) remember();
  else if (asked && asked.until > Date.now()) {
    email.value = asked.email;
    start = asked.start;
    show("code");
  } else if (find("#e-email").hidden && matchMedia("(hover: hover)").matches) email.focus();
  if (shown === "code") focusCode();
}

function handled(event, act) {
  event.preventDefault();
  if (!busy) act();
}

async function call(verb, fields) {
  busy = true;
  try {
    const answer = await fetch(`/api/public/verify/${verb}`, {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify({ token, start, email: email.value.trim(), ...fields }),
    });
    const data = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, data, wait: Number(answer.headers.get("Retry-After")) };
  } catch {
    return { ok: false, status: 0, data: {} };
  } finally {
    busy = false;
  }
}

async function request() {
  const answer = await call("request", {});
  if (answer.ok) {
    remember();
    show("code");
    return say(word("sent"));
  }
  const at = find("#step-code").hidden ? "email" : "code";
  wrong(at, told(answer, "invalid_email"));
  if (at === "code" && answer.status === 429) countdown(Date.now() + (answer.wait || 60) * 1000);
}

async function confirm() {
  const digits = code.value.replace(/\s/g, "");
  if (!/^[0-9]{6}$/.test(digits)) return wrong("code", word("invalid_code"));
  const answer = await call("confirm", { code: digits });
  if (answer.ok && answer.data.verified) {
    kept.set("asked", null);
    return location.replace(`/chat/${token}${location.search}`);
  }
  if (!answer.ok) return wrong("code", told(answer, "invalid_code"));
  const left = answer.data.tries_left;
  const said = answer.data.error === "code_expired" || left === 0 ? "code_expired" : "tries_left";
  code.value = "";
  wrong("code", word(said, { n: left }));
  if (said === "code_expired") countdown(0);
}

function told({ status, wait }, unfit) {
  if (status === 422) return word(unfit);
  if (status === 429) return word("too_many", { n: Math.max(1, Math.ceil((wait || 60) / 60)) });
  return word(status === 503 ? "unavailable" : "unsent");
}

/** A pasted code may have spaces or words around it; six digits are enough to go on with. */
function typed() {
  quiet("code");
  const digits = code.value.replace(/\D/g, "").slice(0, 6);
  if (code.value !== digits) code.value = digits;
  if (digits.length === 6 && !busy) confirm();
}

function remember() {
  kept.set("asked", { email: email.value.trim(), start, until: Date.now() + 600_000, again: Date.now() + APART * 1000 });
}

function show(step) {
  find("#step-email").hidden = step !== "email";
  find("#step-code").hidden = step !== "code";
  quiet(step);
  if (step === "email") return email.focus();
  find(".address bdi").textContent = email.value.trim();
  code.value = "";
  countdown(kept.get("asked")?.again ?? 0);
  focusCode();
}

function focusCode() {
  if (!timer) countdown(kept.get("asked")?.again ?? 0);
  code.focus();
}

function countdown(until) {
  clearTimeout(timer);
  const left = Math.ceil((until - Date.now()) / 1000);
  again.disabled = left > 0;
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  again.textContent = left > 0 ? word("again_in", { n: clock }) : word("again");
  timer = left > 0 ? setTimeout(countdown, 1000, until) : 0;
}

function wrong(step, text) {
  const line = find(`#e-${step}`);
  line.textContent = text;
  line.hidden = false;
  const field = step === "email" ? email : code;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

function quiet(step) {
  find(`#e-${step}`).hidden = true;
  (step === "email" ? email : code).removeAttribute("aria-invalid");
}
