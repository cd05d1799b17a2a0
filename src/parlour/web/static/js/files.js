// Files that go along with a message: chosen, dropped or pasted; sent ahead, shown, taken back.

import { body, find, headers, icon, make, say } from "./dom.js";
import { attach, bytes } from "./turns.js";

const form = find("#composer");
const field = find("#message");
const input = find("#files");
const list = find("#going");
const unfit = find("#unfit");
const words = input.dataset;
const WHY = { file_too_large: "large", file_too_many: "many", files_too_large: "heavy", files_full: "full", file_kind: "kind", file_empty: "empty", invalid: "kind", too_large: "large" };
const path = `/api/public/files/${body.dataset.token}`;

/** What goes along with the next message: {name, size, id, call, row}; with an id it has arrived. */
let going = [];
/** What went along with the message on its way, if it has to come back. */
let gone = [];
let waiting = false;

input.removeAttribute("name"); // it is sent ahead, and not once more with the form
input.addEventListener("change", () => {
  add(input.files);
  input.value = "";
});
field.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  add(event.clipboardData.files);
});
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.add("composer--drop");
});
document.addEventListener("dragleave", (event) => !event.relatedTarget && form.classList.remove("composer--drop"));
document.addEventListener("drop", (event) => {
  form.classList.remove("composer--drop");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  add(event.dataTransfer.files);
});
form.addEventListener("submit", submitted, { capture: true });
field.addEventListener("input", mark);
document.addEventListener("parlour:sent", ({ detail: turn }) => {
  attach(turn, going);
  tell("");
  gone = going;
  going = [];
  draw();
});
document.addEventListener("parlour:arrived", ({ detail: turn }) => {
  if (gone.length) attach(turn, gone.map((one) => ({ ...one, url: `${path}/${one.id}` })));
  gone = [];
});
document.addEventListener("parlour:back", (event) => {
  going = [...gone, ...going].slice(0, Number(words.most));
  gone = [];
  draw();
  const why = words[WHY[event.detail]];
  if (why) event.preventDefault(); // it is told here
  tell(why ?? "");
});

function submitted(event) {
  if (event.submitter?.dataset.do === "stop" || event.submitter?.name === "look" || !going.length) return;
  if (going.some((each) => !each.id)) {
    // It is sent as soon as all of it is there.
    waiting = true;
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (!field.value.trim()) field.value = words.said;
}

function add(files) {
  tell("");
  for (const file of files) {
    if (going.length >= Number(words.most)) return tell(words.many);
    if (file.size > Number(words.bytes)) tell(words.large, file.name);
    else send(file);
  }
  field.focus();
}

function send(file) {
  const one = { name: file.name, size: file.size, kind: file.type.startsWith("image/") ? "image" : "text", id: "" };
  const call = (one.call = new XMLHttpRequest());
  call.open("POST", `${path}?filename=${encodeURIComponent(file.name.slice(-300) || "file")}`);
  call.responseType = "json";
  for (const [name, value] of Object.entries(headers({ "Content-Type": "application/octet-stream" }))) call.setRequestHeader(name, value);
  call.upload.onprogress = ({ loaded, total }) => (find("progress", one.row).value = loaded / total);
  call.onload = () => {
    const [found] = call.response?.files ?? [];
    if (call.status !== 201 || !found) return refused(one, call.response?.code);
    Object.assign(one, found, { call: null });
    draw();
    if (waiting && going.every((each) => each.id)) {
      waiting = false;
      form.requestSubmit(find('[data-do="send"]'));
    }
  };
  call.onerror = () => refused(one);
  call.send(file);
  going.push(one);
  draw();
}

function refused(one, code) {
  drop(one);
  tell(words[WHY[code]] ?? words.failed, one.name);
}

function drop(one) {
  one.call?.abort();
  going = going.filter((each) => each !== one);
  waiting = false;
  draw();
}

function removed(one) {
  if (one.id) fetch(`${path}/${one.id}`, { method: "DELETE", headers: headers() }).catch(() => null);
  drop(one);
  tell("");
  field.focus();
}

function draw() {
  list.replaceChildren(...going.map((one) => {
    const button = make("button", "icon-btn", icon("close"));
    button.type = "button";
    button.setAttribute("aria-label", words.remove.replace("{name}", one.name));
    button.addEventListener("click", () => removed(one));
    const size = make("small", "", bytes(one.size));
    const bar = make("progress");
    bar.setAttribute("aria-label", one.name);
    one.row = make("li", "chip-file", make("bdi", "", one.name), one.id ? size : bar, button);
    return one.row;
  }));
  const ids = going.filter((each) => each.id).map((each) => each.id);
  if (ids.length) form.dataset.files = JSON.stringify(ids);
  else delete form.dataset.files;
  mark();
}

function mark() {
  if (going.length) form.classList.remove("composer--blank");
  else form.classList.toggle("composer--blank", !field.value.trim());
}

/** Say what is wrong with a file, by its name where several may have come. */
function tell(text, name = "") {
  unfit.replaceChildren(...(name ? [make("bdi", "", name), ": "] : []), text);
  unfit.hidden = !text;
  if (text) say(name ? `${name}: ${text}` : text);
}
