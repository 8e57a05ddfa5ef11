// jose: verifies an access token with the keys that it fetches.
import assert from "node:assert/strict";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { service, printStep } from "./service.mjs";

const keys = createRemoteJWKSet(new URL(service.jwks_uri));
const expected = { issuer: service.issuer, audience: service.audience, typ: "at+jwt", algorithms: ["RS256"] };
const required = { ...expected, requiredClaims: ["iat", "exp", "jti", "sub", "client_id"] };

const { payload, protectedHeader } = await jwtVerify(service.access_token, keys, required);
assert.equal(payload.client_id, "first-party");
assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
printStep("verified");

const [head, body, signature] = service.access_token.split(".");
const altered = `${head}.${body}.${signature.slice(0, -8)}AAAAAAAA`;
await assert.rejects(jwtVerify(altered, keys, expected), errors.JWSSignatureVerificationFailed);
printStep("altered: refused");

await assert.rejects(jwtVerify(service.access_token, keys, { ...expected, audience: "other" }), (error) => error.claim === "aud");
printStep("another audience: refused");
