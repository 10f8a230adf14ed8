import { type CryptoKey, createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { accessTokenVerifier } from './access-token.ts';

const ours = await generateKeyPair('EdDSA');
const theirs = await generateKeyPair('EdDSA');
const rsa = await generateKeyPair('RS256');
const publicKey = { ...(await exportJWK(ours.publicKey)), kid: '1', alg: 'EdDSA' };
const verify = accessTokenVerifier({
  issuer: 'kyo',
  audience: 'kyo-api',
  keys: createLocalJWKSet({ keys: [publicKey] }),
});

const claims = { roles: ['gym_owner'], scope: 'session', tenant: 'iron-temple' };
function token(
  change: {
    claims?: object;
    typ?: string;
    audience?: string;
    expires?: string;
    key?: CryptoKey;
    alg?: string;
  } = {},
) {
  return new SignJWT({ ...claims, ...change.claims })
    .setProtectedHeader({ alg: change.alg ?? 'EdDSA', kid: '1', typ: change.typ ?? 'at+jwt' })
    .setSubject('user-1')
    .setIssuer('kyo')
    .setAudience(change.audience ?? 'kyo-api')
    .setExpirationTime(change.expires ?? '5m')
    .sign(change.key ?? ours.privateKey);
}
const unsigned = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

it('accepts ours', async () => {
  expect(await verify(`Bearer ${await token()}`)).toMatchObject({ sub: 'user-1', ...claims });
});

it.each([
  ['none at all', undefined],
  ['another scheme', 'Basic a3lvOmt5bw=='],
  ['rubbish', 'Bearer rubbish'],
  ['an expired one', `Bearer ${await token({ expires: '-1s' })}`],
  ['one for somebody else', `Bearer ${await token({ audience: 'other' })}`],
  ['one signed by somebody else', `Bearer ${await token({ key: theirs.privateKey })}`],
  ['one of another algorithm', `Bearer ${await token({ key: rsa.privateKey, alg: 'RS256' })}`],
  ['one of another kind', `Bearer ${await token({ typ: 'JWT' })}`],
  ['one with a role we do not know', `Bearer ${await token({ claims: { roles: ['root'] } })}`],
  [
    'one without a signature',
    `Bearer ${unsigned({ alg: 'none', typ: 'at+jwt' })}.${unsigned({ ...claims, sub: '1' })}.`,
  ],
  [
    'alg none with a signature',
    `Bearer ${unsigned({ alg: 'none', typ: 'at+jwt' })}.${unsigned({ ...claims, sub: '1' })}.AAAA`,
  ],
])('refuses %s', async (_, header) => {
  await expect(verify(header)).rejects.toMatchObject({ code: 'unauthenticated' });
});
