import type { z } from 'zod';
import type { ProblemCode } from './problem.ts';
import type { Tag } from './tags.ts';

/** One operation of the public API: what its server validates against and what the OpenAPI document says. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path template in OpenAPI form: `/tenants/{tenantId}`. */
  path: string;
  tag: Tag;
  summary: string;
  description?: string;
  /** Whether an access token is needed. */
  secured: boolean;
  headers?: z.ZodObject;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The largest body in bytes, where it is not the service's own bound. */
  bodyLimitBytes?: number;
  success: {
    status: number;
    description: string;
    body?: z.ZodType;
    /** Of the body; JSON unless said otherwise. */
    contentType?: string;
    headers?: Record<string, string>;
  };
  /** The event of security that an answer of success is (`SecurityEvent`); none for most. */
  securityEvent?: string;
  /** The problem codes of this operation beyond those every operation may answer with. */
  problems: ProblemCode[];
}

/** Declares a route and keeps its exact types, so that handlers are typed from it. */
export function route<const R extends Route>(definition: R): R {
  return definition;
}
