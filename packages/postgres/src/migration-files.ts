import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface MigrationFile {
  /** The file's name without `.sql`: what the ledger keeps. */
  name: string;
  /** One text that runs in one transaction; or, of a file marked `-- no transaction`, its statements one by one. */
  statements: string[];
  transactional: boolean;
}

/** A file that begins so runs outside a transaction: `CREATE INDEX CONCURRENTLY` cannot run in one. */
const noTransaction = /^-- no transaction\b/;
/** Such files are short, and each of their statements ends with its line. */
const endOfStatement = /;[ \t]*$/m;

/** The migrations of a folder (SQL files), in order of their names. @throws {Error} when there are none. */
export function readMigrationFiles(directory: string): MigrationFile[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql'));
  if (names.length === 0) throw new Error(`No migrations found in ${directory}.`);
  return names.sort().map((name) => readMigrationFile(join(directory, name)));
}

export function readMigrationFile(path: string): MigrationFile {
  const text = readFileSync(path, 'utf8');
  const name = basename(path, '.sql');
  if (!noTransaction.test(text)) return { name, statements: [text], transactional: true };
  const statements = text
    .split(endOfStatement)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/--.*$/gm, '').trim() !== '');
  return { name, statements, transactional: false };
}
