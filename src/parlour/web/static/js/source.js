// The reading page opens at the cited passage.

import { colour } from "./colour.js";

document.querySelectorAll("figure.code code").forEach(colour);
const passage = document.querySelector("#passage");
if (passage && !location.hash) passage.scrollIntoView({ block: "center" });
