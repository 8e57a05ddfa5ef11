// A plot of bars, and its numbers as a table for those who cannot see it.

import { drawn, element, table } from "./elements.js";
import { label } from "./times.js";

const WIDTH = 1_000;
const HEIGHT = 100;
const GAP = 0.25;

export function plot({ title, meaning, colour }, bars, length, numbers) {
  const most = Math.max(...numbers);
  const sum = numbers.reduce((one, other) => one + other, 0);
  const described = `${title}: ${sum} from ${label(bars[0])} on, at most ${most} in ${minutes(length)}.`;
  return element(
    "section",
    { class: `plot ${colour}` },
    element("h2", {}, title, element("span", { class: "sum" }, sum.toLocaleString())),
    element("p", { class: "note" }, meaning),
    element("div", { class: "axis" }, most ? `${most.toLocaleString()} in ${minutes(length)}` : "none"),
    picture(described, bars, numbers, most),
    element("div", { class: "axis ends" }, element("span", {}, label(bars[0])), element("span", {}, "now")),
    sum ? element("details", {}, element("summary", {}, "As numbers"), rows(title, bars, numbers)) : null,
  );
}

function picture(described, bars, numbers, most) {
  const width = WIDTH / bars.length;
  const shapes = numbers.map((number, at) => number && drawn("rect", {
    x: (at + GAP / 2) * width, width: (1 - GAP) * width,
    y: HEIGHT - (number / most) * HEIGHT, height: (number / most) * HEIGHT,
  }, drawn("title", {}, `${label(bars[at])}: ${number}`)));
  const properties = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": described };
  return drawn("svg", properties, shapes.filter(Boolean));
}

function rows(title, bars, numbers) {
  const some = bars.map((bar, at) => [label(bar), numbers[at].toLocaleString()]).filter((_, at) => numbers[at]);
  return table(title, ["From", "Number"], some.reverse());
}

function minutes(length) {
  return length < 3_600 ? `${length / 60} minutes` : `${length / 3_600} hours`;
}
