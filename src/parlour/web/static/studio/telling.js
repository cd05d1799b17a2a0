// What was just done, as a message that floats: it goes by itself, unless it offers a way back.

const SHOWN = 8_000;
const spot = document.getElementById("told");
let going;

function stay() {
  clearTimeout(going);
  const said = spot?.querySelector(".said");
  // Whoever may still want to undo it, or must read of trouble, has all the time they need.
  if (said && !said.querySelector("button") && !said.classList.contains("said--stop"))
    going = setTimeout(() => spot.replaceChildren(), SHOWN);
}

if (spot) {
  stay();
  new MutationObserver(stay).observe(spot, { childList: true });
  for (const name of ["pointerenter", "focusin"]) spot.addEventListener(name, () => clearTimeout(going));
  for (const name of ["pointerleave", "focusout"]) spot.addEventListener(name, stay);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) spot.replaceChildren();
  });
}

// What the address said was done is said; a page that is loaded again does not say it again.
const address = new URL(location.href);
if (address.searchParams.has("said") || address.searchParams.has("note")) {
  address.searchParams.delete("said");
  address.searchParams.delete("note");
  history.replaceState(history.state, "", address.pathname + address.search + address.hash);
}

// Nothing fails in silence: the server's own words are swapped in by htmx; without any, these.
document.addEventListener("htmx:error", () => {
  const words = document.getElementById("unreached");
  if (words && spot) spot.replaceChildren(words.content.cloneNode(true));
});

// A stream that is refused: nobody is signed in any more, and the page itself leads to the door.
document.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) location.reload();
});
