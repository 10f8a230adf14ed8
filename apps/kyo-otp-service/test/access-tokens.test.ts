import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { createService, problemOf, tokens } from './harness.ts';

const claims = { sub: 'operator', roles: ['platform_admin' as const], scope: 'operator' };

async function createVerifier() {
  const service = await createService();
  const { app, clock, signingKey, signingKeys } = service;
  const key = await importJWK(signingKey.privateJwk, 'EdDSA');
  const seconds = clock.now().getTime() / 1000;
  return {
    ...service,
    /** A token signed with the right key, good but for what `change` does to it. */
    forge: (change: (token: SignJWT) => SignJWT, typ = 'at+jwt') =>
      change(
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'EdDSA', typ, kid: signingKey.kid })
          .setIssuer(tokens.issuer)
          .setAudience(tokens.audience)
          .setExpirationTime(seconds + 60),
      ).sign(key),
    good: () => signingKeys.sign(claims, 60),
    me: (token: string) => app.inject({ url: '/api/auth/me', headers: { authorization: `Bearer ${token}` } }),
  };
}

test('a good token is let in, until it expires', async () => {
  const { clock, good, me } = await createVerifier();
  const token = await good();
  const response = await me(token);
  expect(response.json()).toEqual({ id: 'operator', roles: ['platform_admin'], tenants: [] });
  clock.advance(61);
  expect(problemOf(await me(token))).toEqual([401, 'unauthenticated']);
});

test('a token for somebody else, of another kind or by another hand is a 401', async () => {
  const { clock, signingKey, forge, good, me } = await createVerifier();
  const stranger = await createSigningKey(clock.now());
  const [header, payload] = (await good()).split('.');
  const strangers = await loadSigningKeys([{ ...stranger, kid: signingKey.kid }], {
    ...tokens,
    now: clock.now,
  });
  const refused = {
    'alg none': new UnsecuredJWT(claims).setIssuer(tokens.issuer).setAudience(tokens.audience).encode(),
    'signature cut off': `${header}.${payload}.`,
    'wrong key under the right name': await strangers.sign(claims, 60),
    'public key as a secret': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: signingKey.kid })
      .sign(Buffer.from(signingKey.privateJwk.x, 'base64url')),
    'wrong audience': await forge((token) => token.setAudience('another')),
    'wrong issuer': await forge((token) => token.setIssuer('https://evil.test')),
    'wrong type': await forge((token) => token, 'JWT'),
    nonsense: 'a.b.c',
  };
  for (const [name, token] of Object.entries(refused))
    expect([name, ...problemOf(await me(token))]).toEqual([name, 401, 'unauthenticated']);
});

test('the same token, made the right way, is accepted: the refusals above have one reason each', async () => {
  const { forge, me } = await createVerifier();
  expect((await me(await forge((token) => token.setSubject('operator')))).statusCode).toBe(200);
});

test('the public keys are served, to be kept for five minutes', async () => {
  const { app, signingKey } = await createVerifier();
  const response = await app.inject('/.well-known/jwks.json');
  expect(response.headers['cache-control']).toBe('public, max-age=300');
  expect(response.json()).toMatchObject({ keys: [{ kid: signingKey.kid, alg: 'EdDSA', crv: 'Ed25519' }] });
  expect(response.body).not.toContain(signingKey.privateJwk.d);
});
