// Find a user by the beginning of their name, or a session or a user by an id.

import { call } from "./api.js";
import { button, element, link, table } from "./elements.js";

const ID = /^[A-Za-z0-9_-]{22}$/;

export async function usersView(prefix = "") {
  const search = element("input", {
    type: "search", name: "prefix", value: prefix, maxlength: 255, spellcheck: "false", autocapitalize: "none",
  });
  const submit = (event) => {
    event.preventDefault();
    location.hash = `#/users/${encodeURIComponent(search.value)}`;
  };
  return [
    element("h1", {}, "Users"),
    element(
      "form",
      { role: "search", submit },
      element("label", {}, element("span", {}, "Name, as it begins, or the id of a user or a session"), search),
      element("button", {}, "Find"),
    ),
    ...(ID.test(prefix) ? [ids(prefix)] : []),
    ...(await list(prefix)),
  ];
}

function ids(id) {
  return element("p", { class: "note" }, "This may be an id: open ", link("the user", "user", id), " or ",
    link("the session", "session", id), " that has it.");
}

async function list(prefix) {
  const first = await call("GET", "/admin/users", { query: { prefix } });
  if (!first.users.length) return [element("p", { class: "empty" }, prefix ? "Nobody's name begins so." : "Nobody yet.")];
  const users = table("Users by name", ["Name", "Scope", "State"], first.users.map(row));
  const more = button("More users", async () => {
    const page = await call("GET", "/admin/users", { query: { prefix, after: more.dataset.after } });
    users.tBodies[0].append(...table("", ["Name", "Scope", "State"], page.users.map(row)).tBodies[0].rows);
    next(page);
  });
  const next = (page) => {
    more.dataset.after = page.next ?? "";
    more.hidden = !page.next;
  };
  next(first);
  return [users, more];
}

function row(user) {
  return [link(user.username, "user", user.sub), user.scope, state(user)];
}

export function state(user) {
  return element("span", { class: user.disabled ? "badge bad" : "badge good" }, user.disabled ? "disabled" : "enabled");
}
