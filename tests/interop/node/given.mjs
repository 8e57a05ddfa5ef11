// What the test says of the service, and what a script tells the test.
import { readFileSync } from "node:fs";

export const given = JSON.parse(readFileSync(0, "utf-8"));

export const authorized = (accessToken) => ({ headers: { authorization: `Bearer ${accessToken}` } });

export const shown = (what) => console.log(what);
