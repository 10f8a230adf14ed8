import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArchiveStore } from '../ports.ts';
import { hashing } from './hashing.ts';

export interface LocalArchivesOptions {
  directory: string;
  /** Signs the links. */
  key: () => Promise<string>;
  /** What links begin with; `open` is asked for what comes after it. */
  url: string;
  now: () => Date;
}

export interface LocalArchives extends ArchiveStore {
  /** The file a link leads to; undefined when it is no link of ours, or not any more. */
  open(ref: string, query: { expires: string; signature: string }): Promise<string | undefined>;
}

/** Exports as files in a folder that only its owner may read: what an S3 bucket is on AWS. */
export function localArchives({ directory, key, url, now }: LocalArchivesOptions): LocalArchives {
  const fileOf = (ref: string) => join(directory, ref);
  const sign = async (ref: string, expires: string) =>
    createHmac('sha256', await key())
      .update(`${ref}\n${expires}`)
      .digest();

  return {
    async save(ref, write) {
      const file = fileOf(ref);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const draft = `${file}.draft-${randomBytes(4).toString('hex')}`;
      const digest = hashing();
      try {
        const stored = pipeline(digest.stream, createWriteStream(draft, { mode: 0o600 }));
        await Promise.all([write(digest.stream), stored]);
        const handle = await open(draft);
        await handle.sync();
        await handle.close();
        renameSync(draft, file);
      } finally {
        rmSync(draft, { force: true });
      }
      return { bytes: digest.bytes(), sha256: digest.sha256() };
    },

    async delete(ref) {
      // With whatever a process that was killed has left of it.
      const folder = dirname(fileOf(ref));
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder)) {
        if (join(folder, name).startsWith(fileOf(ref))) rmSync(join(folder, name), { force: true });
      }
      if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true, force: true });
    },

    async list(tenantId) {
      const folder = join(directory, tenantId ?? '');
      if (!existsSync(folder)) return [];
      const files = readdirSync(folder, { recursive: true, withFileTypes: true });
      return files
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
    },

    async link(ref, lifetimeSeconds) {
      const expires = String(Math.floor(now().getTime() / 1000) + lifetimeSeconds);
      const signature = (await sign(ref, expires)).toString('base64url');
      return `${url}${ref}?${new URLSearchParams({ expires, signature })}`;
    },

    async open(ref, { expires, signature }) {
      const given = Buffer.from(signature, 'base64url');
      const expected = await sign(ref, expires);
      const genuine = given.length === expected.length && timingSafeEqual(given, expected);
      const isGood = genuine && Number(expires) * 1000 > now().getTime() && existsSync(fileOf(ref));
      return isGood ? fileOf(ref) : undefined;
    },
  };
}
