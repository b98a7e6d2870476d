// Two small charts: cost against a figure for every run kept, and a figure along the settings of a lever.
import { draw, make } from "./dom.js";

const HIGH = 250;
const PAD = { left: 58, right: 16, top: 12, bottom: 44 };
const DASHES = ["", "7 4", "2 4", "9 3 2 3"];

function ticks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((x) => x * size).find((x) => x >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}

/** Axes with ticks; returns {svg, x, y} where x and y turn values into places. */
function frame(wide, speech, { xs, ys, xLabel, yLabel, label }) {
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const spread = x1 - x0 || 1;
  const top = Math.max(...ys) * 1.08 || 1;
  const x = (value) => PAD.left + ((value - x0 + spread * 0.04) / (spread * 1.08)) * (wide - PAD.left - PAD.right);
  const y = (value) => HIGH - PAD.bottom - (value / top) * (HIGH - PAD.top - PAD.bottom);
  const svg = draw("svg", { width: wide, height: HIGH, viewBox: `0 0 ${wide} ${HIGH}`, role: "img", "aria-label": label, class: "ll-chart" });
  const digits = (values) => (values.every(Number.isInteger) ? 0 : values[1] - values[0] < 0.1 ? 2 : 1);
  const down = ticks(0, top);
  for (const value of down) {
    svg.append(draw("line", { x1: PAD.left, x2: wide - PAD.right, y1: y(value), y2: y(value), class: "ll-grid" }));
    svg.append(draw("text", { x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, speech.number(value, digits(down))));
  }
  const along = ticks(x0, x1, wide < 420 ? 4 : 7);
  for (const value of along) {
    svg.append(draw("text", { x: x(value), y: HIGH - PAD.bottom + 17, "text-anchor": "middle" }, speech.number(value, digits(along))));
  }
  svg.append(draw("text", { x: (PAD.left + wide) / 2, y: HIGH - 8, "text-anchor": "middle" }, xLabel));
  svg.append(draw("text", { x: 14, y: HIGH / 2 - 12, "text-anchor": "middle", transform: `rotate(-90 14 ${HIGH / 2 - 12})` }, yLabel));
  return { svg, x, y };
}

function whisker(x, y, [mean, half]) {
  return draw("path", { d: `M${x} ${y(mean - half)}V${y(mean + half)}M${x - 4} ${y(mean - half)}h8M${x - 4} ${y(mean + half)}h8`, class: "ll-whisker" });
}

/** Cost against the lab's figure. `runs`: [{no, cost, pair, hollow}]; `choose(no)` when one is pressed. */
export function tradeoff(wide, speech, metric, runs, label, choose) {
  const chart = frame(wide, speech, {
    xs: [0, speech.spec.budget, ...runs.map((run) => run.cost)], ys: runs.map((run) => run.pair[0] + (run.pair[1] ?? 0)),
    xLabel: speech.text("lab.tradeoff.cost"), yLabel: `${metric.label.match(/\((.*)\)/)?.[1] ?? metric.label} (${metric.unit})`, label,
  });
  const { svg, x, y } = chart;
  svg.append(draw("line", { x1: x(speech.spec.budget), x2: x(speech.spec.budget), y1: PAD.top, y2: HIGH - PAD.bottom, class: "ll-budget-line" }));
  for (const run of runs) {
    if (run.pair[1] !== null) svg.append(whisker(x(run.cost), y, run.pair));
    const point = draw("circle", { cx: x(run.cost), cy: y(run.pair[0]), r: 6, class: run.hollow ? "ll-point ll-hollow" : "ll-point" },
      draw("title", {}, run.title));
    point.addEventListener("click", () => choose(run.no));
    svg.append(point, draw("text", { x: x(run.cost) + 9, y: y(run.pair[0]) - 7 }, run.no ? String(run.no) : speech.text("lab.today")));
  }
  return svg;
}

/** A figure along a lever's settings, with its interval, and what theory says. */
export function sweep(wide, speech, lever, metric, data) {
  const points = data.points.map(({ setting, metrics }) => ({ setting, pair: metrics[metric.name] }));
  const curves = data.curves.map((curve) => ({ name: curve.name, values: curve.metrics[metric.name] })).filter((curve) => curve.values);
  const most = Math.max(...points.map((p) => p.pair[0] + (p.pair[1] ?? 0)));
  const ys = [...points.map((p) => p.pair[0] + p.pair[1]), ...curves.flatMap((c) => c.values).filter((v) => v < 1.6 * most)];
  const label = `${metric.label}: ${points.map((p) => `${speech.setting(p.setting)}: ${speech.estimate(p.pair, metric.digits)}`).join("; ")}`;
  const { svg, x, y } = frame(wide, speech, { xs: data.settings, ys, xLabel: `${lever.label} (${lever.unit})`, yLabel: metric.unit, label });
  curves.forEach((curve, i) => {
    const inside = curve.values.map((value, k) => [data.settings[k], value]).filter(([, value]) => y(value) >= PAD.top);
    svg.append(draw("polyline", { points: inside.map(([s, v]) => `${x(s)},${y(v)}`).join(" "), class: `ll-curve ll-curve-${i}`, "stroke-dasharray": DASHES[i + 1] }));
  });
  svg.append(draw("polyline", { points: points.map((p) => `${x(p.setting)},${y(p.pair[0])}`).join(" "), class: "ll-curve ll-simulated" }));
  for (const p of points) svg.append(whisker(x(p.setting), y, p.pair), draw("circle", { cx: x(p.setting), cy: y(p.pair[0]), r: 3.5, class: "ll-point" }, draw("title", {}, `${speech.setting(p.setting)}: ${speech.estimate(p.pair, metric.digits)} ${metric.unit}`)));
  const keys = [speech.text("lab.sweep.line"), ...curves.map((curve) => curve.name)].map((name, i) => make("li", {},
    draw("svg", { width: 34, height: 10, "aria-hidden": "true" }, draw("line", { x1: 1, x2: 33, y1: 5, y2: 5, class: i ? `ll-curve ll-curve-${i - 1}` : "ll-curve ll-simulated", "stroke-dasharray": DASHES[i] })), name));
  return make("figure", { class: "ll-figure" }, make("figcaption", {}, `${metric.label}, ${metric.unit}`), svg, make("ul", { class: "ll-legend" }, ...keys));
}
