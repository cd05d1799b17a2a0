// That somebody types: told while one does, seldom; and shown until they pause.

const EVERY = 3000; // ms between two times that it is told, at least
const FADES = 6000; // ms after which whoever said nothing more has paused

/** Return what to call whenever somebody types; `tell()` is called now and then. */
export function teller(tell) {
  let last = 0;
  return () => {
    if (Date.now() - last < EVERY) return;
    last = Date.now();
    Promise.resolve(tell()).catch(() => null);
  };
}

let timer = 0;

/** Say in a line of the page that somebody types, until they pause; "" takes it away. */
export function types(line, text) {
  clearTimeout(timer);
  if (!line) return;
  line.hidden = !text;
  line.textContent = text;
  if (text) timer = setTimeout(() => types(line, ""), FADES);
}
