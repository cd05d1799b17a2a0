// What the agent asks for beside a message: taken along from the page's fields, and put right there.

import { all, find, word } from "./dom.js";

const box = () => find("#asks");
const fields = (form) => [...form.elements].filter((field) => field.name.startsWith("v."));

/** Let the fields of the empty page be filled, or not any more. */
export function open(yes) {
  if (box()) box().disabled = !yes;
}

/** Whether all that is asked for is there; else the browser says what is missing. */
export const ready = () => !box() || box().disabled || find("#composer").reportValidity();

/** What a form takes along: {variables, signed}, without what is empty. */
export function collect(form = find("#composer")) {
  const data = new FormData(form);
  const variables = {};
  for (const [name, value] of data) if (name.startsWith("v.") && value) variables[name.slice(2)] = value;
  const more = form.dataset.files ? { files: JSON.parse(form.dataset.files) } : {};
  return Object.keys(variables).length || data.get("signed") ? { ...more, variables, signed: data.get("signed") ?? undefined } : more;
}

/** What somebody says who fills in a form: what it asked for. */
export const told = (form) => word("filled", {
  names: fields(form).filter((field) => field.type === "checkbox" ? field.checked : field.value)
    .map((field) => find("bdi", field.closest(".ask")).textContent).join(", "),
});

/** Show what does not fit, each where it was typed; false when nowhere is. */
export function wrong(misfits = {}) {
  all("[aria-invalid]", document).forEach((field) => field.name?.startsWith("v.") && mark(field, ""));
  const found = Object.entries(misfits).map(([name, misfit]) => {
    const field = all(`[name="v.${name}"]`).findLast((each) => each.checkVisibility());
    if (field) mark(field, word(`misfit_${misfit}`));
    return field;
  }).filter(Boolean);
  found[0]?.focus();
  return found.length > 0;
}

function mark(field, text) {
  const hint = find(".hint--bad", field.closest(".ask"));
  hint.textContent = text;
  hint.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}
