import { startHttpServer } from '@kyong/testing';
import { beforeEach, expect, it } from 'vitest';
import { awsIdentities } from '../src/adapters/aws-identities.ts';

const arn = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Administrator_0a1b/chen';
let answer: { status: number; body: string };
let sts: Awaited<ReturnType<typeof startHttpServer>>;
beforeEach(async () => {
  answer = { status: 200, body: `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>` };
  sts = await startHttpServer(() => answer);
});

const question = {
  Action: 'GetCallerIdentity',
  Version: '2011-06-15',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIA/20261201/ap-northeast-1/sts/aws4_request',
  'X-Amz-Date': '20261201T000000Z',
  'X-Amz-Expires': '60',
  'X-Amz-SignedHeaders': 'host;x-kyo-audience',
  'X-Amz-Signature': 'a'.repeat(64),
};
const identify = (more: Record<string, string> = {}, operators = [arn], extra = '') =>
  awsIdentities({ url: sts.url, audience: 'https://kyo.test', operators }).identify(
    `${new URLSearchParams({ ...question, ...more })}${extra}`,
  );

it('a proof is asked about at STS, with the audience that it is for', async () => {
  expect(await identify()).toBe(arn);
  expect(sts.requests[0]?.headers['x-kyo-audience']).toBe('https://kyo.test');
  expect(sts.requests[0]?.url).toContain('Action=GetCallerIdentity');
});

it('an identity is an operator by its whole name, or by how it begins', async () => {
  const begins = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Administrator_*';
  expect(await identify({}, [begins])).toBe(arn);
  expect(await identify({}, ['arn:aws:sts::999999999999:assumed-role/*'])).toBeUndefined();
  expect(await identify({}, [arn.slice(0, -1)])).toBeUndefined();
  expect(await identify({}, [])).toBeUndefined();
});

it.each([
  ['another action', { Action: 'AssumeRole' }],
  ['one that is good for an hour', { 'X-Amz-Expires': '3600' }],
  ['one for no audience', { 'X-Amz-SignedHeaders': 'host' }],
  ['one with a parameter that we do not know', { RoleArn: arn }],
])('%s is no proof, and AWS is not asked', async (_, more) => {
  expect(await identify(more as Record<string, string>)).toBeUndefined();
  expect(sts.requests).toEqual([]);
});

it('a parameter that comes twice is no proof, and AWS is not asked', async () => {
  expect(await identify({}, [arn], '&Action=GetCallerIdentity')).toBeUndefined();
  expect(sts.requests).toEqual([]);
});

it('what STS refuses proves nothing, and what it fails at is an error', async () => {
  answer = { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' };
  expect(await identify()).toBeUndefined();
  answer = { status: 500, body: '' };
  await expect(identify()).rejects.toThrow('STS answered 500');
});
