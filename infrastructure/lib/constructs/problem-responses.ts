import { type ProblemCode, problems } from '@kyong/contracts';
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

/** What API Gateway answers by itself, and what that is in our words. */
const answers: [ResponseType, ProblemCode, Record<string, string>?][] = [
  [ResponseType.BAD_REQUEST_BODY, 'malformed_request'],
  [ResponseType.BAD_REQUEST_PARAMETERS, 'malformed_request'],
  [ResponseType.UNAUTHORIZED, 'unauthenticated', { 'WWW-Authenticate': "'Bearer'" }],
  [ResponseType.ACCESS_DENIED, 'forbidden'],
  // What it says to a path that is not there.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, 'not_found'],
  [ResponseType.RESOURCE_NOT_FOUND, 'not_found'],
  [ResponseType.REQUEST_TOO_LARGE, 'payload_too_large'],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, 'unsupported_media_type'],
  [ResponseType.THROTTLED, 'rate_limited', { 'Retry-After': "'1'" }],
  [ResponseType.QUOTA_EXCEEDED, 'rate_limited', { 'Retry-After': "'60'" }],
  [ResponseType.AUTHORIZER_FAILURE, 'unavailable', { 'Retry-After': "'5'" }],
  [ResponseType.INTEGRATION_FAILURE, 'unavailable', { 'Retry-After': "'5'" }],
  [ResponseType.INTEGRATION_TIMEOUT, 'unavailable', { 'Retry-After': "'5'" }],
  [ResponseType.DEFAULT_4XX, 'malformed_request'],
  [ResponseType.DEFAULT_5XX, 'internal'],
];

/** Errors of the gateway itself are problem documents (RFC 9457) like all others. */
export function answerWithProblems(api: RestApi): void {
  for (const [type, code, headers = {}] of answers) {
    api.addGatewayResponse(`${type.responseType}Problem`, {
      type,
      statusCode: String(problems[code].status),
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'Cache-Control': "'no-store'",
        ...headers,
      },
      templates: { 'application/json': problemTemplate(code) },
    });
  }
}

/** A problem document, in API Gateway's template language. */
export function problemTemplate(code: ProblemCode): string {
  const { status, title } = problems[code];
  return JSON.stringify({ type: `/docs/#${code}`, title, status, code, requestId: '$context.requestId' });
}
