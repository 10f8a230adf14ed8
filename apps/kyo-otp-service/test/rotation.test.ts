import { randomBytes } from 'node:crypto';
import type { SendOtpResponse, TokenPair } from '@kyong/contracts';
import { createSigningKey, loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { connectRedis, untilReady } from '@kyong/redis';
import { accessTokenVerifier, remoteKeys } from '@kyong/service-kit';
import { startTestRedis } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf, tokens } from './harness.ts';
import { queuedCode } from './queued-code.ts';

/** Half an hour: how long a key is published before it signs. */
const publicationSeconds = 30 * 60;

test('signing keys change under a rolling deployment, and no token is refused on the way', async () => {
  const { clock, dependencies, signingKey: old } = await createService();
  clock.advance(7 * 86_400);
  const next = await createSigningKey(clock.now());
  const instanceWith = async (...keys: SigningKey[]) => {
    const signingKeys = await loadSigningKeys(keys, { ...tokens, now: clock.now });
    const app = createApp({ ...dependencies, signingKeys });
    onTestFinished(() => app.close());
    return { app, sign: () => signingKeys.sign({ sub: 'operator', roles: [], scope: 'operator' }, 900) };
  };
  const accepts = async ({ app }: Awaited<ReturnType<typeof instanceWith>>, token: string) => {
    const response = await app.inject({
      url: '/api/auth/me',
      headers: { authorization: `Bearer ${token}` },
    });
    return response.statusCode === 200;
  };
  const before = await instanceWith(old);
  const during = await instanceWith(old, next);

  // Another service, that fetched the public keys before the rotation began.
  const url = await before.app.listen({ host: '127.0.0.1', port: 0 });
  const elsewhere = accessTokenVerifier({
    ...tokens,
    keys: remoteKeys(`${url}/.well-known/jwks.json`),
    now: clock.now,
  });
  await elsewhere(`Bearer ${await before.sign()}`);

  // While both are there, what one signs the other accepts, and so does whoever asked only the older one for the keys.
  for (const token of [await before.sign(), await during.sign()]) {
    expect([await accepts(before, token), await accepts(during, token)]).toEqual([true, true]);
    await expect(elsewhere(`Bearer ${token}`)).resolves.toMatchObject({ sub: 'operator' });
  }

  // The old instances are gone; the new key begins to sign, and what the old one signed goes on.
  const lastOfOld = await during.sign();
  clock.advance(publicationSeconds - 60);
  const signedByOld = await during.sign();
  clock.advance(60);
  const signedByNew = await during.sign();
  expect([lastOfOld, signedByOld, signedByNew].map(kidOf)).toEqual([old.kid, old.kid, next.kid]);
  expect([await accepts(during, signedByOld), await accepts(during, signedByNew)]).toEqual([true, true]);

  // When the last token of the old key has expired, it is taken out.
  clock.advance(900);
  const after = await instanceWith(next);
  expect(await accepts(after, await during.sign())).toBe(true);
  expect(await accepts(after, signedByOld)).toBe(false);
});

test('the secret changes, and codes and sessions made before go on', async () => {
  const { endpoint } = await startTestRedis();
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const { dependencies } = await createService({ redis });
  const secrets = { old: randomBytes(32), next: randomBytes(32) };
  while (new OtpKeys(secrets.next).id === new OtpKeys(secrets.old).id) secrets.next = randomBytes(32);
  const instanceWith = (secret: Buffer, previous: Buffer[] = []) => {
    const otpKeys = new OtpKeys(secret, previous);
    const app = createApp({ ...dependencies, otpKeys });
    onTestFinished(() => app.close());
    return { app, otpKeys, redis };
  };
  type Instance = ReturnType<typeof instanceWith>;
  const send = async ({ app }: Instance, to: string) => {
    const sent = await post(app, '/api/otp/send', { channel: 'email', to });
    return sent.json<SendOtpResponse>().requestId;
  };
  const verify = async (made: Instance, requestId: string, asked: Instance) =>
    post(asked.app, '/api/otp/verify', { requestId, code: await queuedCode(made, requestId) });

  // First every instance learns the new secret, then it is put in front, then the old one goes.
  const stages = [
    instanceWith(secrets.old),
    instanceWith(secrets.old, [secrets.next]),
    instanceWith(secrets.next, [secrets.old]),
    instanceWith(secrets.next),
  ];
  for (const [n, made] of stages.entries()) {
    for (const asked of stages.slice(Math.max(0, n - 1), n + 2)) {
      const requestId = await send(made, `${randomBytes(6).toString('hex')}@example.com`);
      const verified = await verify(made, requestId, asked);
      expect(verified.statusCode).toBe(200);
      // A job queued under the one secret opens under the other.
      expect(await queuedCode(asked, requestId)).toMatch(/^\d{6}$/);
      const { refreshToken } = verified.json<TokenPair>();
      expect((await post(asked.app, '/api/auth/refresh', { refreshToken })).statusCode).toBe(200);
    }
  }
  const [first, , , last] = stages;
  if (!first || !last) throw new Error('No stages.');
  const requestId = await send(first, 'late@example.com');
  expect(problemOf(await verify(first, requestId, last))).toEqual([422, 'otp_incorrect']);
});

function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
}
