import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SecretStore } from '../ports.ts';

/** Secrets as files that only their owner may read: what Secrets Manager is on AWS. */
export function localSecrets(directory: string): SecretStore {
  const fileOf = (ref: string) => join(directory, `${ref}.secret`);
  const read = (ref: string) => readFileSync(fileOf(ref), 'utf8');

  return {
    async ensure(ref) {
      const file = fileOf(ref);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const draft = `${file}.${randomBytes(4).toString('hex')}`;
      writeFileSync(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
      try {
        // Linking fails where the secret exists, and never shows a half-written one.
        linkSync(draft, file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        rmSync(draft);
      }
      return read(ref);
    },
    async read(ref) {
      return read(ref);
    },
    async delete(ref) {
      const file = fileOf(ref);
      const folder = dirname(file);
      if (!existsSync(folder)) return;
      // With the drafts that a process left when it was killed.
      for (const name of readdirSync(folder)) {
        if (join(folder, name).startsWith(file)) rmSync(join(folder, name), { force: true });
      }
      if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true, force: true });
    },
    async list(tenantId) {
      const folder = join(directory, 'tenants', tenantId ?? '');
      if (!existsSync(folder)) return [];
      const files = readdirSync(folder, { recursive: true, withFileTypes: true });
      const names = files
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
      // A draft counts as the secret it would have become.
      return [...new Set(names.map((name) => name.split('.secret', 1)[0] ?? name))];
    },
  };
}
