import { z } from 'zod';
import { sessionCookieName, type CookieScope } from './access/cookie.js';
import type { Route } from './route.js';

type Json = Readonly<Record<string, unknown>>;

const faultSchema = z.object({
  error: z.string().describe('a sentence for people'),
  code: z.string().describe('for programs'),
});

/** The HTTP interface as OpenAPI 3.1, made of the routes themselves. @param scope of the session's cookie */
export function openApiDocument(
  routes: readonly Route[],
  { version, scope }: { readonly version: string; readonly scope: CookieScope },
): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/[:*](\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'orthanc-chest-ai',
      version,
      description:
        'Not for diagnosis. Programs send "Authorization: Bearer" with a token; browsers have a session. A browser session also needs the header Origin or X-Chest-Ai for every POST.',
    },
    servers: [{ url: scope.path }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookieName(scope) },
      },
      schemas: { Fault: schemaOf(faultSchema, 'output') },
    },
  };
}

function operationOf({ path, access, summary, description, query, body, reply }: Route): Json {
  const parameters = [
    ...[...path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...queryParametersOf(query),
    ...(body === 'file'
      ? [{ name: 'X-File-Name', in: 'header', description: 'name of the file, URL-encoded', schema: { type: 'string' } }]
      : []),
  ];
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    'x-role': access,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: requestContentOf(body) } }),
    responses: {
      ...repliesOf(reply),
      default: {
        description: 'An error, with a sentence for people and a code for programs',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } },
      },
    },
    ...(access === 'public' ? { security: [] } : {}),
  };
}

function queryParametersOf(query: z.ZodObject | undefined): readonly Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function requestContentOf(body: NonNullable<Route['body']>): Json {
  if (body === 'file') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  const schema = schemaOf(body.schema, 'input');
  return { 'application/json': { schema }, ...(body.form ? { 'application/x-www-form-urlencoded': { schema } } : {}) };
}

function repliesOf(reply: Route['reply']): Json {
  if ('empty' in reply) return { [reply.empty]: { description: 'Done' } };
  const statuses = reply.statuses ?? [200];
  const [type, schema] = 'json' in reply ? (['application/json', schemaOf(reply.json, 'output')] as const) : ([reply.content, {}] as const);
  const headers =
    'json' in reply && reply.setsCookie ? { headers: { 'Set-Cookie': { description: 'the session', schema: { type: 'string' } } } } : {};
  return Object.fromEntries(statuses.map((status) => [status, { description: 'Done', ...headers, content: { [type]: { schema } } }]));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
