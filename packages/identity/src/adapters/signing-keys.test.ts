import { TestClock } from '@kyong/testing';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { operatorToken } from '../access.ts';
import { createSigningKey, loadSigningKeys } from './signing-keys.ts';

const registered = {
  issuer: 'https://kyo.test',
  audience: 'kyo',
  now: () => new Date('2026-01-01T00:00:00Z'),
};
const claims = { sub: 'ann', roles: [], scope: 'session' };

test('a token says who signed it, for whom and until when', async () => {
  const signer = await loadSigningKeys([await createSigningKey(registered.now())], registered);
  const { payload, protectedHeader } = await jwtVerify(
    await signer.sign({ ...claims, tenant: 'iron-temple' }, 900),
    createLocalJWKSet(signer.publicKeys),
    { currentDate: registered.now() },
  );
  expect(protectedHeader).toEqual({
    alg: 'EdDSA',
    typ: 'at+jwt',
    kid: signer.publicKeys.keys[0]?.kid,
  });
  const issuedAt = registered.now().getTime() / 1000;
  expect(payload).toEqual({
    iss: 'https://kyo.test',
    aud: 'kyo',
    sub: 'ann',
    tenant: 'iron-temple',
    roles: [],
    scope: 'session',
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    iat: issuedAt,
    exp: issuedAt + 900,
  });
});

test('a new key signs when it has been published for half an hour, a retired one never, and all of them verify', async () => {
  const clock = new TestClock();
  const old = await createSigningKey(clock.now());
  clock.advance(60);
  const current = await createSigningKey(clock.now());
  clock.advance(60);
  const withdrawn = { ...(await createSigningKey(clock.now())), retired: true };

  const before = await loadSigningKeys([old], registered);
  const after = await loadSigningKeys([old, current, withdrawn], { ...registered, now: clock.now });
  expect(decodeProtectedHeader(await after.sign(claims, 900)).kid).toBe(old.kid);
  clock.advance(30 * 60);
  expect(decodeProtectedHeader(await after.sign(claims, 900)).kid).toBe(current.kid);
  await expect(
    jwtVerify(await before.sign(claims, 900), createLocalJWKSet(after.publicKeys), {
      currentDate: registered.now(),
    }),
  ).resolves.toBeDefined();
  expect(after.publicKeys.keys).toHaveLength(3);
});

test('no private part is published', async () => {
  const signer = await loadSigningKeys([await createSigningKey(registered.now())], registered);
  expect(Object.keys(signer.publicKeys.keys[0] ?? {}).sort()).toEqual([
    'alg',
    'crv',
    'kid',
    'kty',
    'use',
    'x',
  ]);
});

test('without a key that may sign there is no signer', async () => {
  const retired = { ...(await createSigningKey(registered.now())), retired: true };
  await expect(loadSigningKeys([retired], registered)).rejects.toThrow(RangeError);
});

test("an operator's token is a platform administrator's, for a year", async () => {
  const signer = await loadSigningKeys([await createSigningKey(registered.now())], registered);
  const { payload } = await jwtVerify(await operatorToken(signer), createLocalJWKSet(signer.publicKeys), {
    currentDate: new Date('2026-12-31T00:00:00Z'),
  });
  expect(payload).toMatchObject({ sub: 'operator', roles: ['platform_admin'], scope: 'operator' });
});

test('when the old key is retired the new one signs at once', async () => {
  const old = {
    ...(await createSigningKey(new Date(registered.now().getTime() - 86_400_000))),
    retired: true,
  };
  const current = await createSigningKey(registered.now());
  const signer = await loadSigningKeys([old, current], registered);
  expect(decodeProtectedHeader(await signer.sign(claims, 900)).kid).toBe(current.kid);
});
