// Plots: what a table below each holds, drawn. Colours are the page's own, in either theme.

// A canvas takes no variables and no mixtures: the browser works out what colour one is.
function style(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const ink = (kind) => style(kind === "person" ? "--person" : kind === "second" ? "--accent-line" : "--accent");

function short(number) {
  if (number >= 1e6) return `${+(number / 1e6).toFixed(1)} M`;
  return number >= 1e4 ? `${Math.round(number / 1e3)} k` : String(number);
}

// Bars stand on one another: each is drawn from the ground up, the tallest first.
function stacked(bars) {
  const sums = [];
  return bars.map(({ of }) => of.map((each, at) => (sums[at] = (sums[at] ?? 0) + (each ?? 0))));
}

function draw(place) {
  const { labels, bars = [], lines = [], unit = "" } = JSON.parse(place.dataset.plot);
  const found = [...bars, ...lines];
  const tall = bars.length ? stacked(bars) : lines.map(({ of }) => of);
  const order = found.map((_, at) => (bars.length ? found.length - 1 - at : at));
  const axis = { stroke: style("--ink-3"), font: "12px system-ui", grid: { stroke: style("--line"), width: 1 }, ticks: { show: false } };
  const told = document.createElement("div");
  told.className = "plot__told";
  told.hidden = true;
  const series = order.map((at) => bars.length
    ? { fill: ink(found[at].kind), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 34], radius: 0.08 }) }
    : { stroke: ink(found[at].kind), width: 2, dash: found[at].kind ? [5, 4] : undefined, points: { show: labels.length < 40, size: 5, fill: ink(found[at].kind) }, spanGaps: false });
  const plot = new uPlot({
    width: place.clientWidth,
    height: place.clientHeight,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: [-0.6, labels.length - 0.4] }, y: { range: (_, _low, high) => [0, Math.max(high || 0, 1) * 1.08] } },
    axes: [
      { ...axis, grid: { show: false }, splits: (self) => steps(labels.length, Math.max(1, Math.floor(self.width / 70))), values: (_, at) => at.map((each) => labels[each] ?? "") },
      { ...axis, size: 46, values: (_, at) => at.map((each) => (unit ? `${each} ${unit}` : Number.isInteger(each) ? short(each) : "")) },
    ],
    series: [{}, ...series],
    hooks: {
      setCursor: [(self) => {
        const at = self.cursor.idx;
        told.hidden = at == null || self.cursor.left < 0;
        if (told.hidden) return;
        told.replaceChildren(...[labels[at], ...found.map(({ name, of }) => `${name}: ${of[at] == null ? "–" : unit ? `${of[at]} ${unit}` : of[at].toLocaleString("en")}`)]
          .map((line) => Object.assign(document.createElement("div"), { textContent: line })));
        const left = Math.min(self.cursor.left + 56, place.clientWidth - told.offsetWidth);
        told.style.left = `${Math.max(0, left)}px`;
        told.style.top = "0";
      }],
    },
  }, [labels.map((_, at) => at), ...order.map((at) => tall[at])], place);
  place.style.position = "relative";
  place.append(told);
  return plot;
}

function steps(count, most) {
  const by = Math.ceil(count / most);
  return Array.from({ length: Math.ceil(count / by) }, (_, at) => at * by);
}

const drawn = new Map();

function redraw() {
  for (const plot of drawn.values()) plot.destroy();
  drawn.clear();
  for (const place of document.querySelectorAll("[data-plot]")) {
    place.replaceChildren();
    drawn.set(place, draw(place));
  }
}

const resized = new ResizeObserver(() => {
  for (const [place, plot] of drawn) {
    if (place.isConnected && place.clientWidth && plot.width !== place.clientWidth) {
      plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    }
  }
});

addEventListener("load", () => {
  redraw();
  resized.observe(document.querySelector("#page"));
});
document.addEventListener("htmx:after:swap", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
