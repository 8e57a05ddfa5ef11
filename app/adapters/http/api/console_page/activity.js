// How many sign-ins, refusals and reuses there were, as plots.

import { call } from "./api.js";
import { element, link } from "./elements.js";
import { plot } from "./plot.js";
import { label } from "./times.js";

const HOUR = 3_600;
const SPANS = {
  "6h": { title: "6 hours", span: 6 * HOUR, step: 300, bar: 300 },
  "24h": { title: "24 hours", span: 24 * HOUR, step: 900, bar: 900 },
  "7d": { title: "7 days", span: 168 * HOUR, step: 900, bar: 2 * HOUR },
};
const SERIES = [
  { title: "Sign-ins", meaning: "sessions that were opened", colour: "", names: ["login_succeeded"] },
  {
    title: "Refusals",
    meaning: "failed sign-ins, and refresh tokens that were refused without the end of a session",
    colour: "warm",
    names: ["login_failed", "foreign_client_refused", "race_lost", "token_untraced"],
  },
  { title: "Reuse", meaning: "old refresh tokens that came again, and ended a session", colour: "bad", names: ["reuse_detected"] },
];
const MAX_PAGES = 24;

export async function activityView(name = "6h") {
  const chosen = SPANS[name] ?? SPANS["6h"];
  const { since, until, steps } = await read(chosen);
  const bars = range(since, until, chosen.bar);
  return [
    element("h1", {}, "Activity"),
    element("nav", { class: "spans", "aria-label": "Time span" }, Object.entries(SPANS).map(([key, each]) =>
      current(link(each.title, "activity", key), each === chosen))),
    ...SERIES.map((series) => plot(series, bars, chosen.bar, counted(steps, bars, chosen.bar, series.names))),
    element("p", { class: "note" }, `Counts of all instances since ${label(since)}. A minute is counted when it is over.`),
  ];
}

async function read({ span, step }) {
  let page = await call("GET", "/admin/activity", { query: { span, step } });
  const { until } = page;
  const steps = [...page.steps];
  for (let pages = 1; page.next && pages < MAX_PAGES; pages += 1) {
    const rest = Math.max(60, page.next - (until - span));
    page = await call("GET", "/admin/activity", { query: { until: page.next, span: rest, step } });
    steps.push(...page.steps);
  }
  return { since: page.since, until, steps };
}

function range(since, until, bar) {
  const first = Math.floor(since / bar) * bar;
  return Array.from({ length: Math.ceil((until - first) / bar) }, (_, at) => first + at * bar);
}

function counted(steps, bars, bar, names) {
  const sums = bars.map(() => 0);
  for (const step of steps) {
    const at = Math.floor((step.at - bars[0]) / bar);
    for (const name of names) sums[at] += step.events[name] ?? 0;
  }
  return sums;
}

function current(made, isCurrent) {
  if (isCurrent) made.setAttribute("aria-current", "true");
  return made;
}
