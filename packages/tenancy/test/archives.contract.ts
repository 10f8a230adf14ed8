import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ArchiveStore } from '../src/index.ts';

/** What every place for exports does. */
export function describeArchiveStore(name: string, start: () => Promise<ArchiveStore>): void {
  describe(`${name} as a place for exports`, () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'a line of an export\n');
    const parts = 12;

    it('keeps what is written, larger than one part of an upload, and knows its checksum', async () => {
      const store = await start();
      const file = await store.save('gym/one.tar', async (output) => {
        for (let part = 0; part < parts; part += 1) {
          await new Promise<void>((resolve, reject) =>
            output.write(megabyte, (error) => (error ? reject(error) : resolve())),
          );
        }
        output.end();
      });
      const whole = Buffer.concat(Array(parts).fill(megabyte));
      expect(file).toEqual({ bytes: whole.length, sha256: sha256(whole) });
      expect(await store.list('gym')).toEqual(['gym/one.tar']);
    });

    it('keeps nothing of what could not be written to its end', async () => {
      const store = await start();
      const failed = store.save('gym/two.tar', async (output) => {
        output.write(megabyte);
        throw new Error('The database went away.');
      });
      await expect(failed).rejects.toThrow('The database went away.');
      expect(await store.list()).toEqual([]);
    });

    it('replaces, lists by tenant, and deletes again and again', async () => {
      const store = await start();
      const write = (text: string) => async (output: NodeJS.WritableStream) => void output.end(text);
      await store.save('gym/one.tar', write('first'));
      await store.save('gym/one.tar', write('second'));
      await store.save('gym-2/one.tar', write('another gym'));
      expect(await store.list('gym')).toEqual(['gym/one.tar']);
      expect((await store.list()).sort()).toEqual(['gym-2/one.tar', 'gym/one.tar']);
      for (let round = 0; round < 2; round += 1) await store.delete('gym/one.tar');
      expect(await store.list()).toEqual(['gym-2/one.tar']);
    });
  });
}

export const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
