// What scripts add to the studio. Every page works without them; each file below adds one thing.

import "./times.js";
import "./copying.js";
import "./dialogs.js";
import "./telling.js";
import "./menus.js";
import "./palette.js";
import "./keys.js";
