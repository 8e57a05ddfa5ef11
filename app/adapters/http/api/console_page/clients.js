// The OAuth clients, and what each may do. They are registered and changed by the command line or the API.

import { call } from "./api.js";
import { button, element, foreign, table } from "./elements.js";

const HEADS = ["Client", "Authenticates by", "Grants", "Scope", "Audiences"];

export async function clientsView() {
  const heading = [
    element("h1", {}, "Clients"),
    element("p", { class: "lead" }, "Programs that get tokens from Keyturn, beside the built-in client first-party."),
  ];
  const first = await call("GET", "/admin/clients");
  if (!first.clients.length) return [...heading, element("p", { class: "empty" }, "No client is registered.")];
  const clients = table("Registered clients by id", HEADS, first.clients.map(row));
  const more = button("More clients", async () => {
    const page = await call("GET", "/admin/clients", { query: { after: more.dataset.after } });
    clients.tBodies[0].append(...table("", HEADS, page.clients.map(row)).tBodies[0].rows);
    next(page);
  });
  const next = (page) => {
    more.dataset.after = page.next ?? "";
    more.hidden = !page.next;
  };
  next(first);
  return [...heading, clients, more];
}

function row(client) {
  return [
    element("code", {}, foreign(client.client_id)),
    client.authentication.replaceAll("_", " "),
    client.grants.map((each) => each.replaceAll("_", " ")).join(", "),
    client.scope || "none",
    foreign((client.audiences ?? []).join(", ") || "none"),
  ];
}
