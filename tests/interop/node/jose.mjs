// jose: an access token is verified with the keys that it fetches.
import assert from "node:assert/strict";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { given, shown } from "./given.mjs";

const keys = createRemoteJWKSet(new URL(given.jwks_uri));
const expected = { issuer: given.issuer, audience: given.audience, typ: "at+jwt", algorithms: ["RS256"] };
const required = { ...expected, requiredClaims: ["iat", "exp", "jti", "sub", "client_id"] };

const { payload, protectedHeader } = await jwtVerify(given.access_token, keys, required);
assert.equal(payload.client_id, "first-party");
assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
shown("verified");

const [head, body, signature] = given.access_token.split(".");
const altered = `${head}.${body}.${signature.slice(0, -8)}AAAAAAAA`;
await assert.rejects(jwtVerify(altered, keys, expected), errors.JWSSignatureVerificationFailed);
shown("altered: refused");

await assert.rejects(jwtVerify(given.access_token, keys, { ...expected, audience: "other" }), (error) => error.claim === "aud");
shown("another audience: refused");
