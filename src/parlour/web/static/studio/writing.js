// The message box of whoever answers: commands and ready answers as one types, and that one types.

import { all, find } from "../js/dom.js";
import { teller } from "../js/typing.js";

const COMMAND = /^\/[a-z]*$/;
const CANNED = /(?:^|\s);([a-z0-9-]*)$/i;

/** Return the address that what was written leads to, if it is a command that leads anywhere. */
export function leadsTo(root, text) {
  const options = all("[data-path]", find("#t-commands", root)?.content ?? root);
  return options.find((each) => each.dataset.text === text?.trim())?.dataset.path;
}

/** Have a dock below `root` help whoever writes; `press(button)` does what a button elsewhere does. */
export function assist(root) {
  const field = () => find("#answer", root);
  const list = () => find("#suggest", root);
  let at = 0;

  const tells = teller(() => fetch(find("#dock .writing").action.replace("/say", "/typing"), { method: "POST" }));

  function options() {
    return all("[role=option]", list());
  }

  /** Show what fits to what stands before the caret. */
  function suggest() {
    const box = field();
    const before = box.value.slice(0, box.selectionStart);
    const canned = CANNED.exec(before)?.[1].toLowerCase();
    let fitting = [];
    if (COMMAND.test(box.value)) fitting = drawn("commands").filter((each) => each.dataset.text.startsWith(box.value));
    else if (canned !== undefined && writes() === "reply") fitting = drawn("canned").filter((each) => fits(each, canned));
    at = 0;
    list().replaceChildren(...fitting.slice(0, 50));
    list().hidden = !fitting.length;
    mark();
  }

  const drawn = (kind) => all("[role=option]", find(`#t-${kind}`, root).content).map((each) => each.cloneNode(true));
  const fits = (each, word) => each.dataset.word.slice(1).startsWith(word) || (word.length > 2 && each.dataset.text.toLowerCase().includes(word));
  const writes = () => (find('#dock[data-pen="mine"]', root) && !find('[name="kind"][value="note"]:checked', root) ? "reply" : "note");

  function mark() {
    options().forEach((each, index) => {
      each.id = `option-${index}`;
      each.setAttribute("aria-selected", String(index === at));
      if (index === at) each.scrollIntoView({ block: "nearest" });
    });
    if (list().hidden) field().removeAttribute("aria-activedescendant");
    else field().setAttribute("aria-activedescendant", `option-${at}`);
  }

  function close() {
    list().hidden = true;
    mark();
  }

  /** Take what was chosen: a command is done, unless something is written behind it. */
  function choose(option) {
    const box = field();
    const { text, word, takes } = option.dataset;
    close();
    if (word) {
      const before = box.value.slice(0, box.selectionStart).replace(/;[a-z0-9-]*$/i, text);
      box.value = before + box.value.slice(box.selectionStart);
      box.setSelectionRange(before.length, before.length);
      return box.focus();
    }
    if (takes) {
      box.value = `${text} `;
      box.focus();
      return;
    }
    box.value = text;
    box.form.requestSubmit();
  }

  root.addEventListener("input", (event) => {
    if (event.target !== field()) return;
    suggest();
    if (writes() === "reply" && event.target.value.trim() && !event.target.value.startsWith("/")) tells();
  });

  root.addEventListener("keydown", (event) => {
    if (event.target !== field() || event.isComposing) return;
    if (list().hidden) {
      // Out of the box, where single keys work; what was typed stays in it.
      if (event.key === "Escape") (find("#talks [aria-current]") ?? find(".transcript", root)).focus();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const shown = options();
    if (step) at = (at + step + shown.length) % shown.length;
    else if (event.key === "Enter" || event.key === "Tab") choose(shown[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (step) mark();
  }, true);

  // Not `click`: the box would lose the keyboard first.
  root.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("#suggest [role=option]");
    if (!option) return;
    event.preventDefault();
    choose(option);
  });

  root.addEventListener("click", (event) => {
    const sign = event.target.closest("[data-suggest]")?.dataset.suggest;
    if (!sign) return;
    const box = field();
    if (sign === "/") box.value = sign;
    else box.setRangeText(box.value && !/\s$/.test(box.value.slice(0, box.selectionStart)) ? ` ${sign}` : sign, box.selectionStart, box.selectionEnd, "end");
    box.focus();
    if (sign === "/") box.setSelectionRange(1, 1);
    suggest();
  });

  root.addEventListener("change", (event) => {
    if (event.target.name !== "kind") return;
    const note = writes() === "note";
    const composer = find("#dock .composer", root);
    composer.classList.toggle("composer--note", note);
    composer.classList.toggle("composer--person", !note);
    field().placeholder = note ? field().dataset.note : field().dataset.reply;
    field().focus();
  });
}
