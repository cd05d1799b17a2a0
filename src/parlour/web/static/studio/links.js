// What scripts add to pages of links: how many are picked, all at once, and hours of one's own.

const picks = () => [...document.querySelectorAll(".pick[name=ids]")];

function count() {
  const all = picks();
  const picked = all.filter((pick) => pick.checked).length;
  const said = document.querySelector("[data-picked]");
  if (said) said.textContent = `${picked} selected`;
  const every = document.querySelector("[data-pick-all]");
  if (every) {
    every.checked = picked > 0 && picked === all.length;
    every.indeterminate = picked > 0 && picked < all.length;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]"))
    for (const pick of picks()) pick.checked = event.target.checked;
  if (event.target.matches(".pick")) count();
  // A preset takes the place of hours that were typed.
  if (event.target.matches("[name=hours][type=radio]"))
    event.target.form.querySelector("[data-other]").value = "";
});

document.addEventListener("input", (event) => {
  // And hours that are typed take the place of a preset.
  if (event.target.matches("[data-other]") && event.target.value.trim())
    for (const preset of event.target.form.querySelectorAll("[name=hours]")) preset.checked = false;
});

document.addEventListener("reset", () => setTimeout(count));
document.addEventListener("htmx:after:swap", (event) => {
  count();
  // With another picture the widget looks another way.
  if (event.target.id === "logo") document.querySelector("#look").dispatchEvent(new Event("input"));
  // A link that was just made is what comes next, also where it lies below the edge of the screen.
  document.querySelector("#dialog #made [data-copy]")?.focus();
});
count();

// A colour that is chosen takes the place of one that was typed, and the other way round.
document.addEventListener("change", (event) => {
  if (event.target.matches(".inks [type=radio]")) event.target.form.querySelector("[data-own]").value = "";
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-own]") && event.target.value.trim())
    for (const ink of event.target.form.querySelectorAll(".inks [type=radio]")) ink.checked = false;
});

// The zones that this browser knows, and its own where no hours were ever said.
const zone = document.querySelector("[data-zone]");
if (zone && Intl.supportedValuesOf) {
  const known = Intl.supportedValuesOf("timeZone").map((name) => new Option(name));
  document.querySelector("#zones").append(...known);
  if (zone.value === "UTC" && !zone.form.elements.weekly.value)
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}
