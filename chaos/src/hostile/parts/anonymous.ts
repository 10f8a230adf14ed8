import { type Route, routes } from '@kyong/contracts';
import { bodiesFor } from '../../http/bodies.ts';
import { pick } from '../../random.ts';
import type { HostilePart } from '../part.ts';
import { steadily } from '../steadily.ts';

/** As many strangers as a rented room has machines. */
const machines = 31;
const long = 20_000;

/** Text without end, wherever somebody who is nobody may say something. */
export const unboundedText: HostilePart = {
  name: 'unbounded text',
  run: ({ strangers, signal, told }) => {
    const requests = [
      (n: number) => ({
        path: '/api/otp/receipts/aws',
        body: {
          Type: 'SubscriptionConfirmation',
          SubscribeURL: `https://sns.${'a'.repeat(long)}.amazonaws.com/`,
        },
        // Marks the line of the log as one that may hold a token.
        headers: { 'x-request-id': `eyJ-probe-${n}` },
      }),
      () => ({ path: '/api/otp/verify', body: { requestId: 'a'.repeat(3_000), code: '1'.repeat(900) } }),
      () => ({ path: `/api/otp/${'a@'.repeat(4_000)}`, body: {} }),
      () => ({
        path: '/api/auth/refresh',
        body: { refreshToken: 'a'.repeat(3_900) },
        headers: { authorization: `Bearer ${'eyJ'.repeat(3_000)}` },
      }),
      () => ({ path: `/tenants/${'%61'.repeat(2_000)}/suspend`, body: {} }),
    ];
    return steadily({ perSecond: 60, signal }, async (n) => {
      const { path, ...asked } = (requests[n % requests.length] as (typeof requests)[0])(n);
      told(await strangers.at(n % machines).request('POST', path, asked));
    });
  },
};

/** Bodies that are nearly right, for every route that takes one. */
export const malformedBodies: HostilePart = {
  name: 'malformed bodies',
  run: ({ strangers, signal, told, random, target: { gym } }) => {
    const targets = Object.values<Route>(routes).flatMap((route) =>
      route.body ? [{ route, nextBody: bodiesFor(route.body, random) }] : [],
    );
    return steadily({ perSecond: 60, signal }, async (n) => {
      const { route, nextBody } = pick(targets, random);
      const { content, contentType } = nextBody();
      const path = route.path
        .replace('{documentId}', gym.documentId)
        // What may be done to their own gym is done to none.
        .replaceAll(/\{\w+\}/g, '..%2f%00');
      const answer = await strangers.at(n % machines).request(route.method as 'POST', path, {
        body: content,
        headers: { 'content-type': contentType },
        // A gym that is provisioned is work that the hostile pay for elsewhere.
        token: route.secured && route.path !== routes.provisionTenant.path ? gym.token : undefined,
      });
      told(answer);
    });
  },
};

/** Tokens that nobody has signed, at every door. */
export const unknownTokens: HostilePart = {
  name: 'unknown tokens',
  run: ({ strangers, signal, told, random, target: { victim, gym } }) => {
    const [header, payload] = gym.token.split('.') as [string, string, string];
    const doors = [
      '/api/auth/me',
      '/api/collaboration/documents',
      `/tenants/${victim.tenantId}`,
      '/api/otp/log',
      '/fleet/versions',
    ];
    return steadily({ perSecond: 100, signal }, async (n) => {
      const signature = Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256)));
      const token = `${header}.${payload}.${signature.toString('base64url')}`;
      told(await strangers.at(n % machines).request('GET', pick(doors, random), { token }));
    });
  },
};
