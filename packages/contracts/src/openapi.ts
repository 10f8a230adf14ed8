import { z } from 'zod';
import { type ProblemCode, problemDocument, problems } from './problem.ts';
import type { Route } from './route.ts';

/** The codes any operation may answer with, beside its own. */
const commonProblems: ProblemCode[] = [
  'malformed_request',
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
  'insufficient_storage',
];

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
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
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
    ...(route.secured && { security: [{ accessToken: [] }] }),
    parameters: [
      ...parameters(route.params, 'path', schema),
      ...parameters(route.query, 'query', schema),
      ...parameters(route.headers, 'header', schema),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schema(route.body, 'input') } },
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

/** One response a status, naming the codes that come with it. */
function problemResponses(route: Route, schema: SchemaOf): Record<string, Json> {
  const codes = [
    ...commonProblems,
    ...(route.secured ? (['unauthenticated'] as const) : []),
    ...route.problems,
  ];
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\`: ${problems[code].title}`).join('. '),
        content: { 'application/problem+json': { schema: schema(problemDocument, 'output') } },
      },
    ]),
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
