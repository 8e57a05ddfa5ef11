// oauth4webapi: discovery, each grant and each way to authenticate, strict validation, introspection, revocation.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { authorized, given, shown } from "./given.mjs";

const insecure = { [oauth.allowInsecureRequests]: true }; // a loopback address

const issuer = new URL(given.issuer);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
shown("discovered");

const validate = (accessToken) =>
  oauth.validateJwtAccessToken(
    server,
    new Request("http://resource.example/", authorized(accessToken)),
    given.audience,
    { ...insecure, signingAlgorithms: ["RS256"] },
  );

const confidential = { client_id: given.client_id };
const key = await crypto.subtle.importKey(
  "jwk",
  given.private_key,
  { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  false,
  ["sign"],
);
const ways = {
  client_secret_basic: [confidential, oauth.ClientSecretBasic(given.client_secret)],
  client_secret_post: [confidential, oauth.ClientSecretPost(given.client_secret)],
  private_key_jwt: [{ client_id: given.key_client_id }, oauth.PrivateKeyJwt({ key, kid: given.private_key.kid })],
};
for (const [name, [client, authentication]] of Object.entries(ways)) {
  const parameters = { scope: given.scope };
  const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, insecure);
  const granted = await oauth.processClientCredentialsResponse(server, client, response);
  const claims = await validate(granted.access_token);
  assert.equal(claims.sub, client.client_id);
  assert.equal(claims.client_id, client.client_id);
  assert.equal(claims.scope, given.scope);
  assert.equal(claims.sid, undefined);
  shown(`client_credentials, ${name}`);
}

const firstParty = { client_id: "first-party" };
const refresh = async (token) =>
  oauth.processRefreshTokenResponse(
    server,
    firstParty,
    await oauth.refreshTokenGrantRequest(server, firstParty, oauth.None(), token, insecure),
  );
const refreshed = await refresh(given.refresh_token);
assert.notEqual(refreshed.refresh_token, given.refresh_token);
assert.equal(typeof (await validate(refreshed.access_token)).sid, "string");
shown("refresh_token");

await assert.rejects(refresh("ktr_unknown"), { error: "invalid_grant", status: 400 });
shown("refresh_token, unknown: invalid_grant");

const basic = oauth.ClientSecretBasic(given.client_secret);
const introspect = async (token) =>
  oauth.processIntrospectionResponse(
    server,
    confidential,
    await oauth.introspectionRequest(server, confidential, basic, token, insecure),
  );
const granted = await oauth.processClientCredentialsResponse(
  server,
  confidential,
  await oauth.clientCredentialsGrantRequest(server, confidential, basic, { scope: given.scope }, insecure),
);
assert.equal((await introspect(granted.access_token)).active, true);
assert.deepEqual(await introspect("rubbish"), { active: false });
shown("introspection");

const wrong = oauth.ClientSecretBasic("wrong");
const refused = await oauth.clientCredentialsGrantRequest(server, confidential, wrong, {}, insecure);
await assert.rejects(oauth.processClientCredentialsResponse(server, confidential, refused), { status: 401 });
shown("client_secret_basic, wrong: 401");

const revoked = await oauth.revocationRequest(server, firstParty, oauth.None(), refreshed.refresh_token, insecure);
await oauth.processRevocationResponse(revoked);
await assert.rejects(refresh(refreshed.refresh_token), { error: "invalid_grant" });
shown("revocation");
