import {
  CloudFrontClient,
  CreateDistributionCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type AwsEmulator, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sitePages } from '../lib/site/pages.ts';
import { type Site, type SiteClients, serveSite, uploadSite } from '../lib/site/publish.ts';

let emulator: AwsEmulator;
let clients: SiteClients;
let site: Site;

beforeAll(async () => {
  emulator = await startAwsEmulator();
  const { url: endpoint, region, credentials } = emulator;
  const options = { endpoint, region, credentials };
  clients = {
    s3: new S3Client({ ...options, forcePathStyle: true }),
    cloudFront: new CloudFrontClient(options),
  };
  const bucket = 'site';
  await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const origin = {
    Id: 'site',
    DomainName: `${bucket}.s3.amazonaws.com`,
    S3OriginConfig: { OriginAccessIdentity: '' },
  };
  const { Distribution } = await clients.cloudFront.send(
    new CreateDistributionCommand({
      DistributionConfig: {
        CallerReference: bucket,
        Comment: bucket,
        Enabled: true,
        Origins: { Quantity: 1, Items: [origin] },
        DefaultCacheBehavior: { TargetOriginId: origin.Id, ViewerProtocolPolicy: 'https-only' },
      },
    }),
  );
  site = { bucket, distributionId: Distribution?.Id ?? '' };
});
afterAll(() => emulator?.stop());

it('serves the pages of a release, keeps for a year what is named by its content, and goes back', async () => {
  const pages = sitePages();
  const first = await uploadSite(pages, site, clients);
  expect(await served()).toEqual([]);
  await serveSite(first, site, clients);
  expect(await served()).toHaveLength(pages.length);
  expect(await object('index.html')).toMatchObject({ type: 'text/html; charset=utf-8', cache: 'no-cache' });
  expect(await object('docs/index.html')).toMatchObject({ text: expect.stringContaining('/docs/assets/') });
  expect(JSON.parse((await object('docs/openapi.json')).text)).toMatchObject({ openapi: '3.1.1' });
  const [viewer = ''] = (await served()).filter((key) => /swagger-ui\.\w{16}\.js$/.test(key));
  expect(await object(viewer)).toMatchObject({ cache: 'public, max-age=31536000, immutable' });

  const changed = pages.map((page) => (page.path === '/' ? { ...page, body: 'a new page' } : page));
  const second = await uploadSite(changed, site, clients);
  await serveSite(second, site, clients);
  expect((await object('index.html')).text).toBe('a new page');
  await serveSite(first, site, clients);
  expect((await object('index.html')).text).toContain('<h1>Kyo</h1>');
  const { InvalidationList } = await clients.cloudFront.send(
    new ListInvalidationsCommand({ DistributionId: site.distributionId }),
  );
  expect(InvalidationList?.Items).toHaveLength(3);
});

it('names a release by its pages, and uploads it once', async () => {
  const first = await uploadSite(sitePages(), site, clients);
  const { LastModified: before } = await manifestOf(first);
  expect(await uploadSite(sitePages(), site, clients)).toBe(first);
  expect((await manifestOf(first)).LastModified).toEqual(before);
});

it('serves no release that was not uploaded to its end', async () => {
  const pages = sitePages();
  const s3 = Object.assign(new S3Client({}), {
    // The last object, the list of all others, never arrives.
    send: (command: { input: { Key?: string } }) =>
      command.input.Key?.endsWith('manifest.json') && 'Body' in command.input
        ? Promise.reject(new Error('cut off'))
        : clients.s3.send(command as never),
  });
  const changed = pages.map((page) => (page.path === '/' ? { ...page, body: 'half a release' } : page));
  await expect(uploadSite(changed, site, { ...clients, s3 })).rejects.toThrow('cut off');
  const digest = await uploadSite(changed, site, clients);
  await serveSite(digest, site, clients);
  expect((await object('index.html')).text).toBe('half a release');
  await expect(serveSite('unknown', site, clients)).rejects.toThrow();
});

async function served(): Promise<string[]> {
  const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket: site.bucket }));
  return Contents.map(({ Key = '' }) => Key).filter((key) => !key.startsWith('releases/'));
}

async function object(Key: string) {
  const { Body, ContentType, CacheControl } = await clients.s3.send(
    new GetObjectCommand({ Bucket: site.bucket, Key }),
  );
  return { text: (await Body?.transformToString()) ?? '', type: ContentType, cache: CacheControl };
}

async function manifestOf(digest: string) {
  return clients.s3.send(
    new GetObjectCommand({ Bucket: site.bucket, Key: `releases/${digest}/manifest.json` }),
  );
}
