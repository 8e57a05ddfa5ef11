// Compiles only if openapi-typescript knows the bodies of good and of bad responses.
import type { components, operations } from './schema';

type Responses = operations['login']['responses'];
type Problem = components['schemas']['Problem'];

export const good = (body: Responses[200]['content']['application/json']): string => body.access_token;
export const bad = (body: Responses[401]['content']['application/problem+json']): Problem => body;
export const title = (body: Responses[503]['content']['application/problem+json']): string => body.title;
