// oauth4webapi: discovery, each grant and each method of authentication, strict validation, introspection, revocation.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { authorized, service, printStep } from "./service.mjs";

const insecure = { [oauth.allowInsecureRequests]: true }; // a loopback address

const issuer = new URL(service.issuer);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
printStep("discovered");

const validate = (accessToken) =>
  oauth.validateJwtAccessToken(
    server,
    new Request("http://resource.example/", authorized(accessToken)),
    service.audience,
    { ...insecure, signingAlgorithms: ["RS256"] },
  );

const confidential = { client_id: service.client_id };
const key = await crypto.subtle.importKey(
  "jwk",
  service.private_key,
  { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  false,
  ["sign"],
);
const ways = {
  client_secret_basic: [confidential, oauth.ClientSecretBasic(service.client_secret)],
  client_secret_post: [confidential, oauth.ClientSecretPost(service.client_secret)],
  private_key_jwt: [{ client_id: service.key_client_id }, oauth.PrivateKeyJwt({ key, kid: service.private_key.kid })],
};
for (const [name, [client, authentication]] of Object.entries(ways)) {
  const parameters = { scope: service.scope };
  const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, insecure);
  const granted = await oauth.processClientCredentialsResponse(server, client, response);
  const claims = await validate(granted.access_token);
  assert.equal(claims.sub, client.client_id);
  assert.equal(claims.client_id, client.client_id);
  assert.equal(claims.scope, service.scope);
  assert.equal(claims.sid, undefined);
  printStep(`client_credentials, ${name}`);
}

const firstParty = { client_id: "first-party" };
const refresh = async (token) =>
  oauth.processRefreshTokenResponse(
    server,
    firstParty,
    await oauth.refreshTokenGrantRequest(server, firstParty, oauth.None(), token, insecure),
  );
const refreshed = await refresh(service.refresh_token);
assert.notEqual(refreshed.refresh_token, service.refresh_token);
assert.equal(typeof (await validate(refreshed.access_token)).sid, "string");
printStep("refresh_token");

await assert.rejects(refresh("ktr_unknown"), { error: "invalid_grant", status: 400 });
printStep("refresh_token, unknown: invalid_grant");

const basic = oauth.ClientSecretBasic(service.client_secret);
const introspect = async (token) =>
  oauth.processIntrospectionResponse(
    server,
    confidential,
    await oauth.introspectionRequest(server, confidential, basic, token, insecure),
  );
const granted = await oauth.processClientCredentialsResponse(
  server,
  confidential,
  await oauth.clientCredentialsGrantRequest(server, confidential, basic, { scope: service.scope }, insecure),
);
assert.equal((await introspect(granted.access_token)).active, true);
assert.deepEqual(await introspect("rubbish"), { active: false });
printStep("introspection");

const wrong = oauth.ClientSecretBasic("wrong");
const refused = await oauth.clientCredentialsGrantRequest(server, confidential, wrong, {}, insecure);
await assert.rejects(oauth.processClientCredentialsResponse(server, confidential, refused), { status: 401 });
printStep("client_secret_basic, wrong: 401");

const revoked = await oauth.revocationRequest(server, firstParty, oauth.None(), refreshed.refresh_token, insecure);
await oauth.processRevocationResponse(revoked);
await assert.rejects(refresh(refreshed.refresh_token), { error: "invalid_grant" });
printStep("revocation");
