import { accessClaims } from '@kyong/contracts';
import fc from 'fast-check';
import { type CryptoKey, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it, test } from 'vitest';
import { accessTokenVerifier, type TokenExpectations } from './access-token.ts';
import { verifyByLibsodium } from './libsodium.ts';

const ours = await generateKeyPair('EdDSA');
const theirs = await generateKeyPair('EdDSA');
const rsa = await generateKeyPair('RS256');
const publicKey = { ...(await exportJWK(ours.publicKey)), kid: '1', alg: 'EdDSA' };
const keys = createLocalJWKSet({ keys: [publicKey] });
const expected = { issuer: 'kyo', audience: 'kyo-api' };
const verifierWith = (change: Partial<TokenExpectations>) =>
  accessTokenVerifier({ ...expected, keys, ...change });
const verifiers = [
  ['by OpenSSL', verifierWith({})],
  ['by libsodium', verifierWith({ verifySignature: verifyByLibsodium })],
] as const;

const claims = { roles: ['gym_owner'], scope: 'session', tenant: 'iron-temple' };
function token(
  change: {
    claims?: object;
    issuer?: string;
    audience?: string;
    expires?: string;
    key?: CryptoKey;
    header?: object;
  } = {},
) {
  return new SignJWT({ ...claims, ...change.claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: '1', typ: 'at+jwt', ...change.header })
    .setSubject('user-1')
    .setIssuer(change.issuer ?? 'kyo')
    .setAudience(change.audience ?? 'kyo-api')
    .setExpirationTime(change.expires ?? '5m')
    .sign(change.key ?? ours.privateKey);
}
const unsigned = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

const refused: [what: string, header: string | undefined][] = [
  ['none at all', undefined],
  ['another scheme', 'Basic a3lvOmt5bw=='],
  ['rubbish', 'Bearer rubbish'],
  ['an expired one', `Bearer ${await token({ expires: '-1s' })}`],
  ['one that is not valid yet', `Bearer ${await token({ claims: { nbf: Date.now() / 1000 + 60 } })}`],
  ['one for somebody else', `Bearer ${await token({ audience: 'other' })}`],
  ['one of another issuer', `Bearer ${await token({ issuer: 'other' })}`],
  ['one signed by somebody else', `Bearer ${await token({ key: theirs.privateKey })}`],
  ['one of another algorithm', `Bearer ${await token({ key: rsa.privateKey, header: { alg: 'RS256' } })}`],
  ['one of another kind', `Bearer ${await token({ header: { typ: 'JWT' } })}`],
  ['one of a key we do not know', `Bearer ${await token({ header: { kid: '2' } })}`],
  ['one of no key', `Bearer ${await token({ header: { kid: undefined } })}`],
  ['one with an extension', `Bearer ${await token({ header: { crit: ['b64'], b64: true } })}`],
  ['one with a role we do not know', `Bearer ${await token({ claims: { roles: ['root'] } })}`],
  ['one with half a signature', `Bearer ${(await token()).slice(0, -40)}`],
  [
    'one with claims that were changed',
    `Bearer ${(await token()).replace(/\.[^.]+/, `.${unsigned({ ...claims, sub: '1' })}`)}`,
  ],
  [
    'one without a signature',
    `Bearer ${unsigned({ alg: 'none', typ: 'at+jwt' })}.${unsigned({ ...claims, sub: '1' })}.`,
  ],
  [
    'alg none with a signature',
    `Bearer ${unsigned({ alg: 'none', typ: 'at+jwt' })}.${unsigned({ ...claims, sub: '1' })}.AAAA`,
  ],
];

describe.each(verifiers)('%s', (_, verify) => {
  it('accepts ours, and says until when it holds', async () => {
    const principal = await verify(`Bearer ${await token({ expires: '5m' })}`);
    expect(principal).toEqual({ sub: 'user-1', ...claims, exp: expect.any(Number) });
    expect(principal.exp - Date.now() / 1000).toBeCloseTo(300, -1);
  });

  it.each(refused)('refuses %s', async (__, header) => {
    await expect(verify(header)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('a token that was verified before', () => {
  const counting = () => {
    let verified = 0;
    const verifySignature: typeof verifyByLibsodium = (...signed) => {
      verified += 1;
      return verifyByLibsodium(...signed);
    };
    return { verifySignature, count: () => verified };
  };

  it('is not verified again, and nobody can change what it says', async () => {
    const { verifySignature, count } = counting();
    const verify = verifierWith({ verifySignature });
    const header = `Bearer ${await token()}`;
    const first = await verify(header);
    expect(() => first.roles.push('platform_admin')).toThrow(TypeError);
    expect(() => Object.assign(first, { tenant: 'steel-temple' })).toThrow(TypeError);
    expect(await verify(header)).toEqual({ sub: 'user-1', ...claims, exp: expect.any(Number) });
    expect(count()).toBe(1);
    await verify(`Bearer ${await token({ claims: { tenant: 'steel-temple' } })}`);
    expect(count()).toBe(2);
  });

  it('is refused once it has expired', async () => {
    let now = new Date();
    const verify = verifierWith({ now: () => now });
    const header = `Bearer ${await token({ expires: '5m' })}`;
    const { exp } = await verify(header);
    now = new Date((exp - 1) * 1000);
    await verify(header);
    now = new Date(exp * 1000);
    await expect(verify(header)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is refused once its key is withdrawn, or another in its place', async () => {
    const { kid } = publicKey;
    const another = createLocalJWKSet({
      keys: [{ ...(await exportJWK(theirs.publicKey)), kid, alg: 'EdDSA' }],
    });
    for (const later of [createLocalJWKSet({ keys: [] }), another]) {
      let current = keys;
      const verify = verifierWith({ keys: (header) => current(header) });
      const header = `Bearer ${await token()}`;
      await verify(header);
      current = later;
      await expect(verify(header)).rejects.toMatchObject({ code: 'unauthenticated' });
      current = keys;
      await verify(header);
    }
  });
});

test('keys that cannot be fetched are not the fault of the token', async () => {
  const verify = verifierWith({ keys: async () => Promise.reject(new TypeError('fetch failed')) });
  await expect(verify(`Bearer ${await token()}`)).rejects.toMatchObject({ code: 'unavailable' });
});

test('what jose refuses is refused, and what it accepts is accepted', async () => {
  const now = new Date();
  const seconds = Math.floor(now.getTime() / 1000);
  const around = fc.integer({ min: -1, max: 1 }).map((offset) => seconds + offset);
  const odd = fc.constantFrom(undefined, null, '', 'kyo', 1, true, [], {});
  const or = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ arbitrary: usual, weight: 30 }, odd);
  const header = fc.record({
    alg: fc.constant('EdDSA'),
    typ: or(fc.constantFrom('at+jwt', 'at+jwt', 'at+jwt', 'JWT')),
    // Without one, jose takes the only key there is; we do not.
    kid: fc.oneof({ arbitrary: fc.constant('1'), weight: 9 }, fc.constantFrom('2', '', null, 1)),
  });
  const payload = fc.record({
    iss: or(fc.constant('kyo')),
    aud: or(fc.constantFrom('kyo-api', ['kyo', 'kyo-api'], ['kyo'])),
    exp: or(fc.oneof({ arbitrary: fc.constant(seconds + 60), weight: 3 }, around)),
    nbf: or(fc.oneof(fc.constant(undefined), around)),
    iat: or(around),
    sub: or(fc.constant('user-1')),
    roles: or(fc.constant(['gym_owner'])),
    scope: or(fc.constant('session')),
  });
  const outcomes = { accepted: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(header, payload, fc.integer({ min: 0, max: 9 }), async (head, body, dice) => {
      const signed = `${unsigned(head)}.${unsigned(body)}`;
      const key = dice === 0 ? theirs.privateKey : ours.privateKey;
      const signature = await crypto.subtle.sign('Ed25519', key, Buffer.from(signed));
      const jwt = `${signed}.${Buffer.from(signature).toString('base64url')}`;
      const isAccepted = await jwtVerify(jwt, keys, {
        ...{ ...expected, algorithms: ['EdDSA'], typ: 'at+jwt', requiredClaims: ['exp', 'sub'] },
        currentDate: now,
      }).then(
        (verified) => accessClaims.safeParse(verified.payload).success,
        () => false,
      );
      outcomes[isAccepted ? 'accepted' : 'refused'] += 1;
      for (const verifySignature of [undefined, verifyByLibsodium]) {
        const verify = verifierWith({ now: () => now, ...(verifySignature && { verifySignature }) });
        const verdict = await verify(`Bearer ${jwt}`).then(
          () => true,
          () => false,
        );
        expect(verdict).toBe(isAccepted);
      }
    }),
    { numRuns: 300 },
  );
  expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(20);
});
