import type { Route } from '@kyong/contracts';
import { Problem, parseJsonBody } from '@kyong/service-kit';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { z } from 'zod';

/** How API Gateway names a route. */
export function keyOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

export function json(
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

export function parse<S extends z.ZodType>(schema: S, value: unknown, root: string): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw Problem.fromZod(result.error, root);
  return result.data;
}

const maxBodyBytes = 64 * 1024;

export function jsonBody({ body, headers, isBase64Encoded }: APIGatewayProxyEvent): unknown {
  const contentType = lowerCaseKeys(headers)['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) throw new Problem('unsupported_media_type');
  const text = isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString('utf8') : (body ?? '');
  if (Buffer.byteLength(text) > maxBodyBytes) throw new Problem('payload_too_large');
  return parseJsonBody(text);
}

export function lowerCaseKeys(headers: APIGatewayProxyEvent['headers']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
