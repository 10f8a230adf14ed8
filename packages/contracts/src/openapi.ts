import { z } from 'zod';
import { type ProblemCode, problemDocument, problems } from './problem.ts';
import type { Route } from './route.ts';
import { tags } from './tags.ts';

/** The codes any operation may answer with, beside its own: of its URL, of who asks too often, of what is away or full. */
const commonProblems: ProblemCode[] = [
  'malformed_request',
  'rate_limited',
  'unavailable',
  'insufficient_storage',
];
/** What may be wrong with a body, be there a use for it or not. */
const bodyProblems: ProblemCode[] = ['malformed_json', 'payload_too_large', 'unsupported_media_type'];
/** What answers of a status tell beside their body. */
const problemHeaders: Record<number, string> = {
  401: 'WWW-Authenticate',
  429: 'Retry-After',
  503: 'Retry-After',
  507: 'Retry-After',
};

type Json = Record<string, unknown>;

/**
 * Builds the OpenAPI 3.1 document of `routes`. Schemas with an `id` in their metadata become components;
 * OpenAPI 3.1 speaks JSON Schema 2020-12, which zod writes itself.
 */
export function openApiDocument(
  routes: Route[],
  info: { title: string; version: string; description: string },
): Json {
  const components = new Map<string, Json>();
  const schema = (type: z.ZodType, io: 'input' | 'output') => jsonSchema(type, io, components);

  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, schema) };
  }
  return {
    openapi: '3.1.1',
    info,
    servers: [{ url: '/', description: 'Where this document is served' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      headers: {
        'Retry-After': {
          description: 'Seconds after which it is worth asking again',
          schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
        },
        'WWW-Authenticate': {
          description:
            'What has to be brought: a bearer token (RFC 6750), of a recent sign-in where it says so (RFC 9470)',
          schema: { type: 'string' },
        },
      },
      examples: problemExamples(routes),
      schemas: Object.fromEntries([...components].sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

type SchemaOf = (type: z.ZodType, io: 'input' | 'output') => Json;

function operation(route: Route, schema: SchemaOf): Json {
  return {
    tags: [route.tag],
    operationId: operationId(route),
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: route.secured ? [{ accessToken: [] }] : [],
    parameters: [
      ...parameters(route.params, 'path', schema),
      ...parameters(route.query, 'query', schema),
      ...parameters(route.headers, 'header', schema),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        ...(route.bodyLimitBytes !== undefined && {
          description: `At most ${route.bodyLimitBytes / 1024} KiB`,
        }),
        content: {
          'application/json': { schema: schema(route.body, 'input'), example: route.body.meta()?.example },
        },
      },
    }),
    responses: { [route.success.status]: successResponse(route, schema), ...problemResponses(route, schema) },
  };
}

function operationId({ method, path }: Route): string {
  return `${method.toLowerCase()}${path.replace(/[^a-zA-Z]+([a-zA-Z]?)/g, (_, letter: string) => letter.toUpperCase())}`;
}

function parameters(
  object: z.ZodObject | undefined,
  place: 'path' | 'query' | 'header',
  schema: SchemaOf,
): Json[] {
  return Object.entries(object?.shape ?? {}).map(([name, type]) => ({
    name,
    in: place,
    required: place === 'path' || !(type as z.ZodType).safeParse(undefined).success,
    schema: schema(type as z.ZodType, 'input'),
  }));
}

function successResponse({ success }: Route, schema: SchemaOf): Json {
  return {
    description: success.description,
    ...(success.headers && {
      headers: Object.fromEntries(
        Object.entries(success.headers).map(([name, description]) => [
          name,
          { description, schema: { type: 'string' } },
        ]),
      ),
    }),
    ...(success.body && {
      content: { [success.contentType ?? 'application/json']: { schema: schema(success.body, 'output') } },
    }),
  };
}

/** The codes of an operation, in the order of `problems`. */
function codesOf({ method, secured, problems: own }: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>([...commonProblems, ...own]);
  if (method !== 'GET') for (const code of bodyProblems) codes.add(code);
  if (secured) codes.add('unauthenticated');
  return (Object.keys(problems) as ProblemCode[]).filter((code) => codes.has(code));
}

/** Every code that an operation has, as it is answered where there is no more to say. */
function problemExamples(routes: Route[]): Record<string, Json> {
  return Object.fromEntries(
    [...new Set(routes.flatMap(codesOf))].map((code) => {
      const { status, title } = problems[code];
      const requestId = '0b2f4e0a-7d1c-4a68-9d0e-3b5a4f1c2d6e';
      return [code, { value: { type: `/docs/#${code}`, title, status, code, requestId } }];
    }),
  );
}

/** One response a status, naming the codes that come with it. */
function problemResponses(route: Route, schema: SchemaOf): Record<string, Json> {
  const byStatus = Map.groupBy(codesOf(route), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => {
      const header = problemHeaders[status];
      return [
        status,
        {
          description: list.map((code) => `\`${code}\`: ${problems[code].title}`).join('. '),
          ...(header !== undefined && { headers: { [header]: { $ref: `#/components/headers/${header}` } } }),
          content: {
            'application/problem+json': {
              schema: schema(problemDocument, 'output'),
              examples: Object.fromEntries(
                list.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
              ),
            },
          },
        },
      ];
    }),
  );
}

/** A schema for use inside the document; named schemas go to `components` and are referred to. */
function jsonSchema(type: z.ZodType, io: 'input' | 'output', components: Map<string, Json>): Json {
  const { $schema, $defs, ...schema } = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
  }) as Json & { $defs?: Record<string, Json> };
  for (const [id, definition] of Object.entries($defs ?? {}))
    components.set(id, withComponentRefs(definition));
  const named = withComponentRefs(schema);
  const id = named.id;
  if (typeof id !== 'string') return named;
  components.set(id, named);
  return { $ref: `#/components/schemas/${id}` };
}

function withComponentRefs(value: Json): Json {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}
