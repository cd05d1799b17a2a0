// What was refused is where one looks: the first wrong field, or else what is wrong with the whole.

const WRONG = '[aria-invalid="true"], .hint--bad[tabindex], .notice[tabindex]';

function look(place) {
  const first = [...place.querySelectorAll(WRONG)].find((each) => !each.closest("dialog:not([open])"));
  // Whoever is at a field that is wrong already goes on there.
  if (!first || document.activeElement?.matches(WRONG)) return;
  for (let fold = first.closest("details"); fold; fold = fold.parentElement.closest("details"))
    fold.open = true;
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: "center" });
}

look(document);
document.addEventListener("htmx:after:swap", (event) => {
  const { target } = event.detail.ctx;
  const place = typeof target === "string" ? document.querySelector(target) : target;
  if (place) look(place);
});
