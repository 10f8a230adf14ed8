import { isOperator, type Principal, Problem, type VerifyAccessToken } from '@kyong/service-kit';
import type { AccessOf } from '@kyong/tenancy';
import type {
  APIGatewayAuthorizerResult,
  APIGatewayProxyEvent,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';
import { z } from 'zod';
import type { AddressOf } from './source-address.ts';

/**
 * The Lambda authorizer of the API: an access token in, a policy out. API Gateway answers 401 when it throws `Unauthorized`
 * (AWS: API Gateway Lambda authorizers, "Input to" and "Output from").
 */
export function createAuthorizer(verifyAccessToken: VerifyAccessToken) {
  return async (event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const principal = await verifyAccessToken(event.authorizationToken).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'unauthenticated') throw new Error('Unauthorized');
      throw error;
    });
    return {
      principalId: principal.sub,
      policyDocument: {
        Version: '2012-10-17',
        // The answer is cached by token, so it has to hold for every method and path of the stage, and the API asks itself
        // whether the access has ended meanwhile.
        Statement: [
          { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${stageOf(event.methodArn)}/*` },
        ],
      },
      context: toContext(principal),
    };
  };
}

/** `arn:aws:execute-api:region:account:api/stage/METHOD/path` without method and path. */
function stageOf(methodArn: string): string {
  return methodArn.split('/').slice(0, 2).join('/');
}

/** An authorizer's context holds flat values only. */
function toContext({
  sub,
  tenant,
  roles,
  scope,
  sid,
  ends_seen: seen,
  exp,
}: Principal): Record<string, string> {
  return {
    sub,
    roles: roles.join(' '),
    scope,
    exp: String(exp),
    ...(tenant !== undefined && { tenant }),
    ...(sid !== undefined && { sid }),
    ...(seen !== undefined && { ends_seen: String(seen) }),
  };
}

const context = z.object({
  sub: z.string(),
  roles: z.string(),
  scope: z.string(),
  tenant: z.string().optional(),
  sid: z.string().optional(),
  ends_seen: z.coerce.number().optional(),
  // An answer that was kept from the release before has none.
  exp: z.coerce.number().default(Number.POSITIVE_INFINITY),
});

export interface Caller {
  /** Subject of the token. */
  id: string;
  isOperator: boolean;
  scopes: string[];
  tenantId: string | undefined;
  /** Their role there. */
  roles: Principal['roles'];
  /** When the token expires: seconds since 1970. */
  expiresAt: number;
  /** What the token says of the access it gives. */
  access: AccessOf;
  sourceIp: string | null;
}

/** Who calls, from what the authorizer put into the event. @throws {Problem} when it did not. */
export function callerOf(event: APIGatewayProxyEvent, addressOf: AddressOf): Caller {
  const result = context.safeParse(event.requestContext.authorizer);
  if (!result.success) throw new Problem('unauthenticated');
  const { roles: list, scope, exp: expiresAt, ...access } = result.data;
  const { sub, tenant } = access;
  const roles = list.split(' ').filter(Boolean) as Principal['roles'];
  return {
    id: sub,
    isOperator: isOperator({ roles }),
    scopes: scope.split(' '),
    tenantId: tenant,
    roles,
    expiresAt,
    access,
    sourceIp: addressOf(event),
  };
}
