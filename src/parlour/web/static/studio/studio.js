// What scripts add to the studio. Every page works without them; each file below adds one thing.

import "./times.js";
import "./copying.js";
import "./dialogs.js";
import "./telling.js";
import "./menus.js";
import "./palette.js";
import "./keys.js";
import "./wrong.js";
import "./waiting.js";

// Where one is stays in sight, also where the list of places is longer than the window.
document.querySelector(".rail nav [aria-current]")?.scrollIntoView({ block: "nearest" });
