// openid-client: discovery, each grant, a protected resource, introspection, revocation.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { service, printStep } from "./service.mjs";

const discover = (clientId, secret, authentication) =>
  client.discovery(new URL(service.issuer), clientId, secret, authentication, {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests], // a loopback address
  });

const confidential = await discover(service.client_id, service.client_secret, client.ClientSecretBasic(service.client_secret));
assert.equal(confidential.serverMetadata().issuer, service.issuer);
printStep("discovered");

const granted = await client.clientCredentialsGrant(confidential, { scope: service.scope });
assert.equal(granted.token_type, "bearer");
assert.equal(granted.expiresIn() > 0, true);
printStep("client_credentials");

const introspected = await client.tokenIntrospection(confidential, granted.access_token);
assert.equal(introspected.active, true);
assert.equal(introspected.client_id, service.client_id);
printStep("introspection");

const firstParty = await discover("first-party", undefined, client.None());
const refreshed = await client.refreshTokenGrant(firstParty, service.refresh_token);
const me = new URL("/auth/me", service.issuer);
const answer = await client.fetchProtectedResource(firstParty, refreshed.access_token, me, "GET");
assert.equal((await answer.json()).client_id, "first-party");
printStep("refresh_token");

await client.tokenRevocation(firstParty, refreshed.refresh_token);
await assert.rejects(client.refreshTokenGrant(firstParty, refreshed.refresh_token), { error: "invalid_grant" });
printStep("revocation");
