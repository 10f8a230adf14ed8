import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ArchiveStore } from '../ports.ts';
import { hashing } from './hashing.ts';

export interface S3ArchivesOptions {
  s3: S3Client;
  bucket: string;
  /** What every key begins with: `exports/`. */
  prefix: string;
  /** The key that encrypts new archives; the bucket's default without one. */
  kmsKeyId?: string;
}

const kms: ServerSideEncryption = 'aws:kms';

/** Exports in an S3 bucket. An upload goes in parts and becomes an object when all are there: whole, or not at all. */
export function s3Archives({ s3, bucket, prefix, kmsKeyId }: S3ArchivesOptions): ArchiveStore {
  const keyOf = (ref: string) => `${prefix}${ref}`;
  return {
    async save(ref, write) {
      const digest = hashing();
      const body = new PassThrough();
      const upload = new Upload({
        client: s3,
        params: {
          Bucket: bucket,
          Key: keyOf(ref),
          Body: body,
          ContentType: 'application/x-tar',
          ...(kmsKeyId !== undefined && { ServerSideEncryption: kms, SSEKMSKeyId: kmsKeyId }),
        },
      });
      const uploaded = upload.done();
      uploaded.catch((error: Error) => body.destroy(error));
      try {
        await Promise.all([write(digest.stream), pipeline(digest.stream, body)]);
        await uploaded;
      } catch (error) {
        // Its parts would be paid for; a process that is killed here leaves that to the bucket's lifecycle rule.
        await upload.abort();
        throw error;
      }
      return { bytes: digest.bytes(), sha256: digest.sha256() };
    },

    async delete(ref) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(ref) }));
    },

    async list(tenantId) {
      const refs: string[] = [];
      const Prefix = keyOf(tenantId === undefined ? '' : `${tenantId}/`);
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
        for (const { Key = '' } of page.Contents ?? []) refs.push(Key.slice(prefix.length));
      }
      return refs;
    },

    link: (ref, lifetimeSeconds) =>
      getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: keyOf(ref) }), {
        expiresIn: lifetimeSeconds,
      }),
  };
}
