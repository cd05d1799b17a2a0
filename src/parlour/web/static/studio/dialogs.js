// Pages shown as dialogs: a link with hx-target="#dialog" or "#sheet" opens the page it leads to in one.

for (const dialog of document.querySelectorAll("dialog#dialog, dialog#sheet")) {
  dialog.addEventListener("close", () => dialog.replaceChildren());
  // A press on the backdrop closes, unless something was typed that would be lost.
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog && !changed(dialog)) dialog.close();
  });
}

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  const opener = event.target.closest("[data-opens]");
  if (opener) show(document.getElementById(opener.dataset.opens));
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const target = dialogOf(ctx.target);
  // What was asked for in a dialog is done, and another page follows.
  if (target && ctx.response?.raw.redirected) {
    event.preventDefault();
    location.href = ctx.response.raw.url;
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const dialog = dialogOf(event.detail.ctx.target);
  if (dialog && !dialog.open && dialog.childElementCount) show(dialog);
});

function dialogOf(target) {
  const element = typeof target === "string" ? document.querySelector(target) : target;
  return element?.matches?.("dialog#dialog, dialog#sheet") ? element : null;
}

function show(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  if (!dialog.querySelector("[autofocus]")) dialog.querySelector("h2")?.focus();
}

function changed(dialog) {
  return [...dialog.querySelectorAll("input, textarea")].some((field) =>
    ["checkbox", "radio"].includes(field.type)
      ? field.checked !== field.defaultChecked
      : field.type !== "hidden" && field.value !== field.defaultValue,
  );
}
