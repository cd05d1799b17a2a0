// An agent's page: documents dropped in with their progress, and the draft tried at once.

for (const form of document.querySelectorAll("form[data-at-once]")) form.requestSubmit();

// With another picture the draft looks another way.
document.addEventListener("htmx:after:swap", (event) => {
  const form = document.querySelector(".tryout form");
  if (event.target.id === "portrait" && form && !form.querySelector("button").disabled) form.requestSubmit();
});

const drop = document.querySelector("form[data-drop]");
if (drop) start(drop);

function start(form) {
  const input = form.querySelector("input[type=file]");
  const most = Number(form.dataset.most);
  const waiting = [];
  let busy = false;

  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  let depth = 0;
  const over = (by) => form.classList.toggle("is-over", (depth = Math.max(0, depth + by)) > 0);
  form.addEventListener("dragenter", () => over(1));
  form.addEventListener("dragleave", () => over(-1));
  // Also beside the zone: a file that is dropped anywhere must not replace the page.
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(-depth);
    take(event.dataTransfer.files);
  });

  function take(files) {
    for (const file of files) waiting.push({ file, row: row(form, file.name) });
    if (!busy) next();
  }

  async function next() {
    busy = true;
    let arrived = 0;
    for (let item; (item = waiting.shift()); ) {
      if (item.file.size > most) item.row.trouble("Larger than a document may be");
      else if (await send(form, item)) arrived += 1;
    }
    busy = false;
    if (arrived) settle();
  }
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** A line for a file on its way in. */
function row(form, name) {
  const line = document.createElement("li");
  const label = document.createElement("span");
  const bar = document.createElement("progress");
  label.textContent = name;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Uploading ${name}`);
  line.append(label, bar);
  form.querySelector("[data-incoming]").append(line);
  return {
    done: (share) => (bar.value = share),
    gone: () => line.remove(),
    trouble: (said) => {
      const told = document.createElement("small");
      told.textContent = said;
      told.setAttribute("role", "alert");
      line.className = "is-broken";
      bar.replaceWith(told);
    },
  };
}

/** Send one file; whether it arrived. What the server says of it stands beside it. */
function send(form, { file, row }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${form.action}?filename=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("HX-Target", "#documents");
    request.setRequestHeader("HX-Current-URL", location.href);
    request.upload.onprogress = (event) => event.lengthComputable && row.done(event.loaded / event.total);
    request.onload = () => {
      const away = request.getResponseHeader("HX-Redirect");
      if (away) location.assign(away);
      const arrived = request.status < 300;
      if (arrived) {
        row.gone();
        show(request.responseText);
      } else row.trouble(said(request.responseText));
      resolve(arrived);
    };
    request.onerror = () => {
      row.trouble("It did not get through. Nothing of it is kept; try again.");
      resolve(false);
    };
    request.send(file);
  });
}

function said(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector(".notice div, .said p")?.textContent ?? "That did not work.";
}

function show(html) {
  const place = document.getElementById("documents");
  place.innerHTML = html;
  window.htmx?.process(place);
}

/** With its first document a draft can be tried. */
function settle() {
  const wait = document.querySelector(".tryout__wait");
  if (!wait) return;
  wait.remove();
  document.querySelector(".tryout iframe").hidden = false;
  const form = document.querySelector(".tryout form");
  form.querySelector("button").disabled = false;
  form.requestSubmit();
}
