// openid-client: discovery, each grant, a protected resource, introspection, revocation.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { given, shown } from "./given.mjs";

const discover = (clientId, secret, authentication) =>
  client.discovery(new URL(given.issuer), clientId, secret, authentication, {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests], // a loopback address
  });

const confidential = await discover(given.client_id, given.client_secret, client.ClientSecretBasic(given.client_secret));
assert.equal(confidential.serverMetadata().issuer, given.issuer);
shown("discovered");

const granted = await client.clientCredentialsGrant(confidential, { scope: given.scope });
assert.equal(granted.token_type, "bearer");
assert.equal(granted.expiresIn() > 0, true);
shown("client_credentials");

const introspected = await client.tokenIntrospection(confidential, granted.access_token);
assert.equal(introspected.active, true);
assert.equal(introspected.client_id, given.client_id);
shown("introspection");

const firstParty = await discover("first-party", undefined, client.None());
const refreshed = await client.refreshTokenGrant(firstParty, given.refresh_token);
const me = new URL("/auth/me", given.issuer);
const answer = await client.fetchProtectedResource(firstParty, refreshed.access_token, me, "GET");
assert.equal((await answer.json()).client_id, "first-party");
shown("refresh_token");

await client.tokenRevocation(firstParty, refreshed.refresh_token);
await assert.rejects(client.refreshTokenGrant(firstParty, refreshed.refresh_token), { error: "invalid_grant" });
shown("revocation");
