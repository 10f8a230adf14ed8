import { createHash } from 'node:crypto';
import { type CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Page } from '@kyong/api-docs';
import { z } from 'zod';

export interface Site {
  bucket: string;
  /** Of the distribution that serves the bucket. */
  distributionId: string;
}

export interface SiteClients {
  s3: S3Client;
  cloudFront: CloudFrontClient;
}

/** A browser keeps what is named by its content for a year, and asks about everything else each time (RFC 9111). */
const cacheControl = { immutable: 'public, max-age=31536000, immutable', changing: 'no-cache' };

const manifest = z.array(z.object({ key: z.string(), immutable: z.boolean() }));
type Manifest = z.infer<typeof manifest>;

/**
 * Puts the pages of a release into the bucket, beside those of the releases before, where nobody is served from. The list of
 * them comes last: where it is, all are. Answers with the release's name, a digest of its pages.
 */
export async function uploadSite(
  pages: readonly Page[],
  { bucket }: Site,
  { s3 }: SiteClients,
): Promise<string> {
  const digest = digestOf(pages);
  if (await isThere(bucket, manifestKey(digest), s3)) return digest;
  for (const { path, type, body, immutable } of pages) {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `${folderOf(digest)}${keyOf(path)}`,
        Body: body,
        ContentType: type,
        CacheControl: immutable ? cacheControl.immutable : cacheControl.changing,
      }),
    );
  }
  const list: Manifest = pages.map(({ path, immutable }) => ({ key: keyOf(path), immutable }));
  const Body = JSON.stringify(list);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: manifestKey(digest), Body }));
  return digest;
}

/**
 * Has the pages of an uploaded release served: what they load first, then the pages themselves. What other pages load stays,
 * for those who have one open.
 * @throws {Error} when no such release was uploaded.
 */
export async function serveSite(digest: string, site: Site, { s3, cloudFront }: SiteClients): Promise<void> {
  const { bucket } = site;
  const list = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: manifestKey(digest) }));
  const objects = manifest.parse(JSON.parse((await list.Body?.transformToString()) ?? ''));
  for (const { key } of objects.toSorted((a, b) => Number(b.immutable) - Number(a.immutable))) {
    // With its content type and how long it may be kept.
    await s3.send(
      new CopyObjectCommand({ Bucket: bucket, Key: key, CopySource: `${bucket}/${folderOf(digest)}${key}` }),
    );
  }
  await cloudFront.send(
    new CreateInvalidationCommand({
      DistributionId: site.distributionId,
      InvalidationBatch: {
        CallerReference: `${digest} ${Date.now()}`,
        Paths: { Quantity: 1, Items: ['/*'] },
      },
    }),
  );
}

const folderOf = (digest: string) => `releases/${digest}/`;
const manifestKey = (digest: string) => `${folderOf(digest)}manifest.json`;

/** CloudFront looks for the index of a folder by its name. */
function keyOf(path: string): string {
  return `${path}${path.endsWith('/') ? 'index.html' : ''}`.slice(1);
}

function digestOf(pages: readonly Page[]): string {
  const hash = createHash('sha256');
  for (const { path, type, body } of pages) hash.update(JSON.stringify([path, type])).update(body);
  return hash.digest('hex').slice(0, 32);
}

async function isThere(Bucket: string, Key: string, s3: S3Client): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return true;
  } catch (error) {
    if ((error as Error).name === 'NotFound') return false;
    throw error;
  }
}
