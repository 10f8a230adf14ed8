import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type AwsEmulator, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3Archives } from '../src/adapters/s3-archives.ts';
import { describeArchiveStore } from './archives.contract.ts';

let emulator: AwsEmulator;
let s3: S3Client;
beforeAll(async () => {
  emulator = await startAwsEmulator();
  const { url: endpoint, region, credentials } = emulator;
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
});
afterAll(async () => {
  s3?.destroy();
  await emulator?.stop();
});

let buckets = 0;
async function start() {
  buckets += 1;
  const bucket = `kyo-exports-${buckets}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return s3Archives({ s3, bucket, prefix: 'exports/' });
}

describeArchiveStore('a bucket', start);

it('a link needs no credentials', async () => {
  const store = await start();
  await store.save('gym/one.tar', async (output) => void output.end('all of it'));
  const response = await fetch(await store.link('gym/one.tar', 60));
  expect(await response.text()).toBe('all of it');
});
