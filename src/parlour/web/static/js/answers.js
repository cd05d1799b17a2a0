// What one does with answers: good or poor and why, the last question said otherwise, what to ask next.

import { all, clone, find, say, word } from "./dom.js";
import * as wire from "./wire.js";

// ---- good or poor

export async function rate(button) {
  const turn = button.closest(".turn");
  const rating = button.getAttribute("aria-pressed") === "true" ? "none" : button.dataset.rating;
  mark(turn, rating);
  if (rating === "down") explain(turn);
  if (!(await told({ message_id: turn.id, rating }))) mark(turn, "none");
}

/** Say why an answer is poor. */
export async function explained(button) {
  const { form } = button;
  const turn = form.closest(".turn");
  const data = new FormData(form);
  const why = { reasons: data.getAll("reasons"), words: data.get("words") };
  if (!(await told({ message_id: turn.id, rating: "down", ...why }))) return;
  form.replaceWith(Object.assign(document.createElement("p"), { className: "hint thanks", textContent: word("rate_thanks") }));
  say(word("rate_thanks"));
  find('[data-rating="down"]', turn).focus();
}

export function unexplained(button) {
  const turn = button.closest(".turn");
  button.form.remove();
  find('[data-rating="down"]', turn).focus();
}

async function told(rating) {
  const answer = await wire.rate(rating).catch(() => ({ ok: false }));
  if (!answer.ok) say(word("refused_act"));
  return answer.ok;
}

export function mark(turn, rating) {
  for (const thumb of all("[data-rating]", turn)) thumb.setAttribute("aria-pressed", String(thumb.dataset.rating === rating));
  all(".feedback, .thanks", turn).forEach((part) => part.remove());
}

function explain(turn) {
  const form = clone("t-feedback");
  find(".turn__tools", turn).after(form);
  form.scrollIntoView({ block: "nearest" });
  find("input[type=checkbox]", form).focus();
}

// ---- what to ask next

export function offer(turn, suggestions = []) {
  all(".follow-ups", turn).forEach((list) => list.remove());
  if (!suggestions.length) return;
  const list = clone("t-follow-ups");
  list.append(...suggestions.map((text) => {
    const item = clone("t-follow-up");
    find("span", item).textContent = text;
    return item;
  }));
  turn.append(list);
}

// ---- the last question said otherwise

let edited = null;

/** The id of the question that the next message stands for, if any. */
export const editing = () => edited;

export function edit(turn) {
  edited = turn?.id || null;
  find("#editing").hidden = !edited;
}

/** Take a question away that another one stands for, with all that followed it. */
export function drop(turn) {
  while (turn?.nextElementSibling) turn.nextElementSibling.remove();
  turn?.remove();
}
