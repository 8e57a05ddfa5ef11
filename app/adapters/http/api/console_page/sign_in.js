// The form with which an administrator signs in.

import { signIn } from "./api.js";
import { element } from "./elements.js";

const NO_ADMINISTRATOR = "This account is no administrator: it lacks the scope keyturn:admin.";

export function signInView(reason, whenDone) {
  const fault = element("p", { class: "fault", role: "alert" }, reason ?? "");
  const username = field("Username", { name: "username", autocomplete: "username", autocapitalize: "none" });
  const password = field("Password", { name: "password", type: "password", autocomplete: "current-password" });
  const send = element("button", { class: "strong" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await signIn(username.input.value, password.input.value);
      whenDone();
    } catch (error) {
      fault.textContent = error.status === 400 && /scope/i.test(error.message) ? NO_ADMINISTRATOR : error.message;
      password.input.select();
    }
    send.disabled = false;
  };
  return [
    element("h1", {}, "Sign in"),
    element("p", { class: "lead" }, "For administrators: find a user, end sessions, see what happened."),
    element("form", { class: "narrow", submit }, username.label, password.label, fault, send),
  ];
}

function field(name, properties) {
  const input = element("input", { required: true, maxlength: 255, spellcheck: "false", ...properties });
  return { input, label: element("label", {}, element("span", {}, name), input) };
}
