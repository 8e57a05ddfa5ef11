// A user: their live sessions, which can be ended, and their last sign-ins.

import { call } from "./api.js";
import { button, confirmed, element, facts, foreign, link, say, table } from "./elements.js";
import { distance, moment } from "./times.js";
import { state } from "./users.js";

const LIVE = ["Device", "Address", "Client", "Signed in", "Last used", "Ends", "What happened", ""];

export async function userView(sub) {
  const parts = { sub };
  const [user, live, past] = await Promise.all([
    call("GET", "/admin/users/{sub}", { parts }),
    call("GET", "/admin/users/{sub}/sessions", { parts }),
    call("GET", "/admin/users/{sub}/sign-ins", { parts }),
  ]);
  return [
    element("h1", {}, foreign(user.username)),
    facts(["State", state(user)], ["Scope", user.scope || "none"], ["Id", element("code", {}, user.sub)]),
    ...liveSessions(user, live),
    ...signIns(past.sign_ins, new Set(live.sessions.map((each) => each.sid))),
  ];
}

function liveSessions(user, { sessions, next }) {
  const heading = element("h2", {}, "Live sessions");
  if (!sessions.length) return [heading, element("p", { class: "empty" }, "None. Nobody is signed in as this user.")];
  const rows = sessions.map((each) => [
    element("span", {}, foreign(each.device || "unknown"), each.current ? element("span", { class: "badge" }, "yours") : ""),
    foreign(each.address), foreign(each.client_id), moment(each.created_at), distance(each.last_used_at),
    distance(each.expires_at), link("Explain", "session", each.sid),
    button("End", (event) => end(user, each, event.target), { "aria-label": `End the session of ${each.device || "unknown"}` }),
  ]);
  const parts = [heading, table("Live sessions, the oldest first", LIVE, rows)];
  if (next) parts.push(element("p", { class: "note" }, "There are more. These are the oldest 50."));
  return [...parts, button("End all sessions", () => endAll(user), { class: "danger" })];
}

async function end(user, session, pressed) {
  if (!(await confirmed("End this session? Its tokens stop working everywhere within seconds.", "End it"))) return;
  await done(pressed, () => call("DELETE", "/admin/users/{sub}/sessions/{sid}", { parts: { sub: user.sub, sid: session.sid } }));
}

async function endAll(user) {
  if (!(await confirmed(`End all sessions of ${user.username}?`, "End all"))) return;
  await done(null, () => call("DELETE", "/admin/users/{sub}/sessions", { parts: { sub: user.sub } }));
}

async function done(pressed, act) {
  if (pressed) pressed.disabled = true;
  try {
    await act();
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } catch (error) {
    say(error.message);
    if (pressed) pressed.disabled = false;
  }
}

function signIns(events, live) {
  const heading = element("h2", {}, "Last sign-ins");
  if (!events.length) return [heading, element("p", { class: "empty" }, "The audit trail has none.")];
  const rows = events.map((each) => [
    moment(each.at), foreign(each.address ?? ""), foreign(each.client_id),
    element("span", { class: live.has(each.sid) ? "badge good" : "badge" }, live.has(each.sid) ? "live" : "ended"),
    link(live.has(each.sid) ? "What happened" : "Why was I signed out?", "session", each.sid),
  ]);
  return [heading, table("The last sign-ins, the latest first", ["When", "Address", "Client", "Session", ""], rows)];
}
