// How many visitors wait for a person, at the rail's Desk. A browser opens only so many streams to
// one place, so one of its pages follows for all of them and tells the others.

const AGAIN = 30000; // ms until it is tried again, after an answer that ends a stream for good

const marks = [...document.querySelectorAll("[data-waiting]")];
const air = new BroadcastChannel("parlour-waiting");
let source = null;
let known = null;

function show(count) {
  known = count;
  for (const mark of marks) {
    mark.hidden = !count;
    mark.querySelector("b").textContent = count > 99 ? "99+" : String(count);
  }
}

air.onmessage = ({ data }) => {
  if (data !== null) show(data);
  else if (source && known !== null) air.postMessage(known);
};

/** Follow until there is no more to follow. */
function follow() {
  return new Promise((done) => {
    source = new EventSource("/studio/waiting/live");
    source.addEventListener("waiting", (event) => {
      show(JSON.parse(event.data).count);
      air.postMessage(known);
    });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      source = null;
      done();
    };
  });
}

/** Wait until no other page of this browser follows; the lock goes with the page. */
async function take() {
  await navigator.locks.request("parlour-waiting", follow);
  setTimeout(take, AGAIN);
}

/** Without locks (the studio over plain http) each page follows for as long as it is seen. */
function look() {
  source?.close();
  source = null;
  if (!document.hidden) follow();
}

if (marks.length && navigator.locks) {
  air.postMessage(null);
  take();
} else if (marks.length) {
  look();
  document.addEventListener("visibilitychange", look);
}
