// Buttons that copy: `data-copy` is what; they say when it is done.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // No permission, or plain http: select what is there, so that the keyboard can copy it.
    const shown = button.parentElement.querySelector("output, code");
    if (shown) getSelection().selectAllChildren(shown);
    return;
  }
  const word = button.querySelector("span");
  if (word) {
    word.dataset.before ??= word.textContent;
    word.textContent = "Copied";
  }
  button.setAttribute("title", "Copied");
  button.classList.add("is-done");
  announce("Copied");
  clearTimeout(button.undoing);
  button.undoing = setTimeout(() => {
    button.classList.remove("is-done");
    if (word) word.textContent = word.dataset.before;
    button.setAttribute("title", button.getAttribute("aria-label") ?? "Copy");
  }, 4000);
});

/** Say something to whoever does not see the page, over whatever is said there now. */
function announce(words) {
  let spot = document.getElementById("announced");
  if (!spot) {
    spot = document.createElement("div");
    spot.id = "announced";
    spot.className = "sr";
    spot.setAttribute("aria-live", "polite");
    document.body.append(spot);
  }
  spot.textContent = "";
  setTimeout(() => (spot.textContent = words), 50);
}
