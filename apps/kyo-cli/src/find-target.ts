import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CommandFailed, exitCodes } from './failure.ts';
import type { Target, TargetOptions } from './target.ts';

/** @throws {CommandFailed} when there is no such platform. */
export async function findTarget({ dataDir, stage }: TargetOptions): Promise<Target> {
  if (stage === undefined) return findLocalPlatform(dataDir);
  // What it needs of AWS takes longer to load than most commands take.
  const { findStage } = await import('./stage.ts');
  return findStage(stage);
}

const addressFile = z.object({ url: z.url() });

/** The platform that runs with this data directory, and its operator's token. */
function findLocalPlatform(dataDirectory: string): Target {
  const directory = resolve(dataDirectory);
  const address = join(directory, 'address.json');
  const tokenFile = join(directory, 'operator.jwt');
  if (!existsSync(address) || !existsSync(tokenFile)) {
    throw new CommandFailed(
      `No Kyo has run with the data in ${directory}. Start it with \`npm start\`, or name its folder with --data-dir.`,
      exitCodes.unreachable,
    );
  }
  const { url } = addressFile.parse(JSON.parse(readFileSync(address, 'utf8')));
  const token = readFileSync(tokenFile, 'utf8').trim();
  return {
    url,
    token: async () => token,
    remedy: 'Is it running? Start it with `npm start`.',
  };
}
