import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { ServerError, serverEnvironment } from './process.ts';

/** What tar says of files that change under it (GNU and BSD). The log that is replayed later makes up for that. */
const changes =
  /changed as we read it|removed before we read it|shrank by|Cannot stat: No such file|truncated/;

/** Packs a folder that may be in use into a compressed file, for its owner alone. `leftOut` are patterns of tar. */
export async function packDirectory(directory: string, leftOut: string[], file: string): Promise<void> {
  const tar = spawn(
    'tar',
    [...leftOut.map((pattern) => `--exclude=${pattern}`), '-cf', '-', '-C', directory, '.'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: serverEnvironment(directory) },
  );
  const { ended, complaints } = watched(tar);
  await pipeline(tar.stdout, createZstdCompress(), createWriteStream(file, { mode: 0o600, flush: true }));
  const faults = (await complaints).split('\n').filter((line) => line !== '' && !changes.test(line));
  const changedOnly = (await ended) === 1 && faults.length === 0;
  if ((await ended) !== 0 && !changedOnly) throw new ServerError(`Packing ${directory} failed: ${faults[0]}`);
}

/** Unpacks into an empty folder. */
export async function unpackDirectory(file: string, directory: string): Promise<void> {
  const tar = spawn('tar', ['-xpf', '-', '-C', directory], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: serverEnvironment(directory),
  });
  const { ended, complaints } = watched(tar);
  // It may end before it has read the padding behind the last entry; its own code tells whether it got everything.
  await pipeline(createReadStream(file), createZstdDecompress(), tar.stdin).catch(() => {});
  if ((await ended) !== 0) throw new ServerError(`Unpacking ${file} failed: ${await complaints}`);
}

function watched(child: { stderr: Readable } & NodeJS.EventEmitter) {
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const complaints = text(child.stderr);
  for (const promise of [ended, complaints]) promise.catch(() => {});
  return { ended, complaints };
}
