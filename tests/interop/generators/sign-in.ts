// Signs in with the client that @hey-api/openapi-ts generated: node sign-in.js URL USERNAME PASSWORD
import { login, me } from './client';

const [url, username, password] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  const refused = await login({ baseUrl: url, body: { username, password: `not ${password}` } });
  const problem = refused.error;
  if (problem === undefined || problem.status !== 401) throw new Error(`not refused: ${JSON.stringify(problem)}`);
  console.log(problem.type);
  const granted = await login({ baseUrl: url, body: { username, password } });
  if (granted.data === undefined) throw new Error(JSON.stringify(granted.error));
  const who = await me({ baseUrl: url, auth: granted.data.access_token });
  if (who.data === undefined) throw new Error(JSON.stringify(who.error));
  console.log(who.data.client_id);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
