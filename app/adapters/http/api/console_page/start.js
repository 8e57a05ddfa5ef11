// The frame of the console: who is signed in, and which view the address shows.

import { activityView } from "./activity.js";
import { onSignedOut, signedIn, signOut } from "./api.js";
import { clientsView } from "./clients.js";
import { button, element, foreign, say } from "./elements.js";
import { keysView } from "./keys.js";
import { sessionView } from "./session.js";
import { signInView } from "./sign_in.js";
import { userView } from "./user.js";
import { usersView } from "./users.js";

const VIEWS = {
  users: ["Users", usersView],
  activity: ["Activity", activityView],
  keys: ["Keys", keysView],
  clients: ["Clients", clientsView],
  user: [null, userView],
  session: [null, sessionView],
};

let shown = 0;

async function show() {
  const turn = ++shown;
  const user = signedIn();
  const [name, ...rest] = location.hash.slice(2).split("/").map(decoded);
  const shownName = Object.hasOwn(VIEWS, name) ? name : "users";
  const [, view] = VIEWS[shownName];
  frame(user, shownName);
  say("");
  if (!user) return fill(signInView(null, show));
  let content;
  try {
    content = await view(...rest);
  } catch (error) {
    content = [element("h1", {}, "This did not work"), element("p", { class: "fault", role: "alert" }, error.message)];
    content.push(button("Try again", show));
  }
  if (turn === shown && signedIn()) fill(content);
}

function fill(content) {
  const view = document.getElementById("view");
  view.replaceChildren(...content);
  const heading = view.querySelector("h1");
  document.title = `${heading.textContent} · Keyturn console`;
  heading.tabIndex = -1;
  (view.querySelector("input") ?? heading).focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function frame(user, current) {
  const place = { user: "users", session: "users" }[current] ?? current;
  const links = Object.entries(VIEWS).filter(([, [title]]) => title);
  const items = links.map(([name, [title]]) =>
    element("a", { href: `#/${name}`, "aria-current": name === place && "page" }, title));
  const who = user && element("p", { class: "who" }, foreign(user.username), button("Sign out", signOut, { class: "plain" }));
  const mark = element("p", { class: "mark" }, "Keyturn");
  document.getElementById("top").replaceChildren(mark, ...(user ? [element("nav", { "aria-label": "Views" }, items), who] : []));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

onSignedOut((reason) => {
  shown += 1;
  frame(null, "users");
  fill(signInView(reason, show));
});
window.addEventListener("hashchange", show);
show();
