// "Why was I signed out?": what happened to a session, and a sentence that says why.

import { call } from "./api.js";
import { element, facts, foreign, link } from "./elements.js";
import { exactly } from "./times.js";

const WORDS = {
  login_succeeded: "Signed in",
  login_failed: "A sign-in was refused",
  token_refreshed: "Refreshed",
  token_replayed: "The same token came again, in time",
  reuse_detected: "An old token came again",
  race_lost: "A refresh lost a race",
  token_untraced: "A token could not be traced",
  foreign_client_refused: "Another client presented the token",
  session_was_revoked: "The session was ended",
  all_sessions_revoked: "Everybody's sessions were ended",
  password_changed: "The password was changed",
  key_published: "A signing key was published",
  key_rescheduled: "A signing key was rescheduled",
  key_dropped: "A signing key was removed",
};

const GRAVE = new Set(["reuse_detected", "session_was_revoked", "all_sessions_revoked", "foreign_client_refused"]);

export async function sessionView(sid) {
  const told = await call("GET", "/admin/sessions/{sid}", { parts: { sid } });
  const subject = told.events.find((each) => each.sid === told.sid && each.sub)?.sub;
  return [
    element("h1", {}, told.state === "live" ? "What happened" : "Why was I signed out?"),
    element("p", { class: "lead" }, foreign(told.conclusion)),
    facts(
      ["State", element("span", { class: told.state === "live" ? "badge good" : "badge" }, told.state)],
      ["Session", element("code", {}, told.sid)],
      ...(subject ? [["User", link("Open the user", "user", subject)]] : []),
    ),
    element("h2", {}, "Timeline"),
    told.events.length
      ? element("ol", { class: "timeline" }, told.events.map(entry))
      : element("p", { class: "empty" }, "No event is stored yet. They follow within a second."),
  ];
}

function entry(event) {
  const details = Object.entries(event.details).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`);
  const facts = [...(event.address ? [`from ${event.address}`] : []), ...details];
  return element(
    "li",
    { class: GRAVE.has(event.name) ? "grave" : "" },
    exactly(event.at),
    element("p", {}, WORDS[event.name] ?? event.name.replaceAll("_", " ")),
    facts.length ? element("p", { class: "details" }, foreign(facts.join(" · "))) : null,
  );
}
