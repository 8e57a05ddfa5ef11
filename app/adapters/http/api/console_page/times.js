// Moments, in the language and the time zone of the browser. Seconds are those since the epoch.

import { element } from "./elements.js";

const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

export function moment(seconds, format = SHORT) {
  const date = new Date(seconds * 1000);
  return element("time", { datetime: date.toISOString(), title: LONG.format(date) }, format.format(date));
}

export function exactly(seconds) {
  return moment(seconds, LONG);
}

export function distance(seconds) {
  const date = new Date(seconds * 1000);
  return element("time", { datetime: date.toISOString(), title: LONG.format(date) }, away(seconds - Date.now() / 1000));
}

function away(seconds) {
  const [unit, size] = UNITS.find((each) => Math.abs(seconds) >= each[1]) ?? UNITS[3];
  return RELATIVE.format(Math.round(seconds / size), unit);
}

export function label(seconds) {
  return SHORT.format(new Date(seconds * 1000));
}
