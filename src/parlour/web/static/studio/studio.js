// What scripts add to the studio: times in the reader's own zone, and buttons that copy.

import "../js/times.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // No permission, or plain http: select what is there, so that the keyboard can copy it.
      const shown = button.parentElement.querySelector("output, code");
      getSelection().selectAllChildren(shown);
      return;
    }
    const word = button.querySelector("span");
    if (word) word.textContent = "Copied";
    button.setAttribute("title", "Copied");
    button.classList.add("is-done");
  });
}
