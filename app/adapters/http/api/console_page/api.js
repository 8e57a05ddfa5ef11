// Calls of the API. The access token is in sessionStorage for the life of the tab, and the refresh token only in memory:
// after a reload, the console asks for the password again when the access token ends.

const ROOT = new URL("../", import.meta.url);
const STORED = "keyturn_console";
const SCOPE = "keyturn:admin";
const EARLY_SECONDS = 30;

let refreshToken = null;
let refreshing = null;
let whenSignedOut = () => {};

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function onSignedOut(act) {
  whenSignedOut = act;
}

export function signedIn() {
  const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  return stored && (refreshToken || stored.ends > now()) ? stored : null;
}

// Every call names its route as the OpenAPI document does; `parts` fill the braces of the path.
export async function call(method, path, { parts = {}, query = {}, body } = {}) {
  await refreshIfDue();
  const answer = await send(method, path, { parts, query, body, token: signedIn()?.token });
  if (answer.status === 401) forget("Your session has ended. Sign in again.");
  return read(answer);
}

export async function signIn(username, password) {
  const body = { username, password, scope: SCOPE };
  const answer = await send("POST", "/auth/login", { body, credentials: "same-origin" });
  keep(await read(answer), username);
}

export async function signOut() {
  const body = { access_token: signedIn()?.token, refresh_token: refreshToken };
  forget("You have signed out.");
  await send("POST", "/auth/logout", { body });
}

async function refreshIfDue() {
  const stored = signedIn();
  if (!stored || !refreshToken || stored.ends > now() + EARLY_SECONDS) return;
  refreshing ??= refresh(stored.username).finally(() => (refreshing = null));
  await refreshing;
}

async function refresh(username) {
  const answer = await send("POST", "/auth/refresh", { body: { refresh_token: refreshToken } });
  if (answer.status === 401) forget("Your session has ended. Sign in again.");
  keep(await read(answer), username);
}

function keep(granted, username) {
  refreshToken = granted.refresh_token;
  const stored = { token: granted.access_token, ends: now() + granted.expires_in, username };
  sessionStorage.setItem(STORED, JSON.stringify(stored));
}

function forget(reason) {
  refreshToken = null;
  sessionStorage.removeItem(STORED);
  whenSignedOut(reason);
}

// Cookies authenticate nobody here. Only a sign-in has one: it shows that this device is known.
function send(method, path, { parts = {}, query = {}, body, token, credentials = "omit" }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parts[name]));
  const url = new URL(filled.slice(1), ROOT);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) };
  const sent = { method, headers, body: body && JSON.stringify(body), credentials, cache: "no-store" };
  return fetch(url, sent).catch(() => Promise.reject(new Refused(0, "Keyturn does not answer. Try again.")));
}

async function read(answer) {
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, content.detail ?? "Keyturn did not answer this request.");
  return content;
}

function now() {
  return Date.now() / 1000;
}
