// The signing keys and their dates. The one button rotates: the next key signs when every verifier can have it.

import { call } from "./api.js";
import { button, confirmed, element, say, table } from "./elements.js";
import { moment } from "./times.js";

const COLOURS = { active: "badge good", pending: "badge soon" };
const HEADS = ["Key", "State", "Published", "Signs from", "Needed until"];

export async function keysView() {
  return content(await call("GET", "/admin/keys"));
}

function content({ keys, can_rotate: canRotate }) {
  return [
    element("h1", {}, "Signing keys"),
    element("p", { class: "lead" }, "A key is published before it signs, and stays until its last token has ended."),
    table("Signing keys, in the order in which they sign", HEADS, keys.map(row)),
    ...(canRotate ? rotation() : [element("p", { class: "note" }, "These keys are not in a store that Keyturn can change.")]),
  ];
}

function row(key) {
  return [
    element("code", { title: key.kid }, key.kid.slice(0, 12), "…"),
    element("span", { class: COLOURS[key.state] ?? "badge" }, key.state),
    key.published_at === null ? "unknown" : moment(key.published_at),
    key.activates_at === null ? "always" : moment(key.activates_at),
    key.gone_at === null ? "it has no successor" : moment(key.gone_at),
  ];
}

function rotation() {
  const note = "Rotating is safe at any time: no valid token is refused. A key that has leaked is another matter: use the "
    + "command keys compromised.";
  return [button("Rotate the keys", (event) => rotate(event.target)), element("p", { class: "note" }, note)];
}

async function rotate(pressed) {
  const question = "Rotate? The next key signs as soon as every verifier can have it. The present one stays as long as its tokens.";
  if (!(await confirmed(question, "Rotate"))) return;
  pressed.disabled = true;
  try {
    const rotated = await call("POST", "/admin/keys/rotate");
    document.getElementById("view").replaceChildren(...content(rotated));
    say("The keys are rotated.");
  } catch (error) {
    say(error.message);
    pressed.disabled = false;
  }
}
