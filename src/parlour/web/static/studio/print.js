// The page to be printed: its button, and times in the reader's own zone.

import "../js/times.js";

document.querySelector("[data-print]").addEventListener("click", () => print());
