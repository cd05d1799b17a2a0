// Moments in the reader's own zone and manner. Works on any page by itself.

// The reader's own manner of writing times, as long as it is in the page's language.
const page = document.documentElement.lang;
export const language = navigator.languages.find((own) => own.split("-")[0] === page) ?? (page || undefined);
const FORMS = {
  clock: { hour: "numeric", minute: "2-digit" },
  full: { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" },
  zoned: { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit", timeZoneName: "short" },
  dated: { dateStyle: "medium", timeStyle: "short" },
  short: { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
};

export function localise(root) {
  for (const time of root.querySelectorAll("time[data-as]")) {
    const when = new Date(time.dateTime);
    if (isNaN(when)) continue;
    time.textContent = new Intl.DateTimeFormat(language, FORMS[time.dataset.as]).format(when);
    time.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(when);
  }
}

export function clock(moment, form = "clock") {
  const time = document.createElement("time");
  time.dateTime = moment;
  time.dataset.as = form;
  return time;
}

/** Say a moment in words. */
export function inWords(moment, form = "full") {
  return new Intl.DateTimeFormat(language, FORMS[form]).format(new Date(moment));
}

/** What a day is called: today, yesterday, or its date. */
export function dayName(when, names) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const ago = Math.round((midnight(new Date()) - midnight(when)) / 864e5);
  if (ago === 0 || ago === 1) return names[ago];
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(when);
}

localise(document);
