// Reads the data of the service from the input, and prints the steps of a script.
import { readFileSync } from "node:fs";

export const service = JSON.parse(readFileSync(0, "utf-8"));

export const authorized = (accessToken) => ({ headers: { authorization: `Bearer ${accessToken}` } });

export const printStep = (step) => console.log(step);
