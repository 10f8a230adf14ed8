import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { postgresMajorVersion, ServerError } from '@kyong/embedded-servers';

/** Goes up when what is in the folder changes so that an older Kyo could not use it. */
const layoutVersion = 1;

/** The folder that holds everything the laptop's platform keeps. */
export interface DataDirectory {
  path: string;
  master: string;
  shared: string;
  dedicated: string;
  /** The server that is initialised once, and of which all others are copies. */
  prepared: string;
  redis: string;
  secrets: string;
  exports: string;
  logs: string;
  operatorToken: string;
  /** Where the platform that runs can be reached, for the command line. */
  address: string;
}

/** Opens the folder, or makes it. @throws {ServerError} when it cannot be used, with the remedy. */
export function openDataDirectory(path: string): DataDirectory {
  if (existsSync(path) && !statSync(path).isDirectory()) {
    throw new ServerError(
      `${path} is not a folder. Remove it, or name another one: npm start -- --data-dir DIR`,
    );
  }
  mkdirSync(path, { recursive: true });
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  if (process.getuid?.() === statSync(path).uid) chmodSync(path, 0o711);
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  checkLayout(path);
  const directory = {
    path,
    master: join(path, 'postgres', 'master'),
    shared: join(path, 'postgres', 'shared'),
    dedicated: join(path, 'postgres'),
    prepared: join(path, 'postgres', 'prepared'),
    redis: join(path, 'redis'),
    secrets: join(path, 'secrets'),
    exports: join(path, 'exports'),
    logs: join(path, 'logs'),
    operatorToken: join(path, 'operator.jwt'),
    address: join(path, 'address.json'),
  };
  for (const folder of [directory.secrets, directory.exports, directory.logs])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  return directory;
}

function checkLayout(path: string): void {
  const file = join(path, 'layout.json');
  const expected = JSON.stringify({ layout: layoutVersion, postgres: postgresMajorVersion });
  if (!existsSync(file)) {
    writeAtomically(file, expected);
    return;
  }
  if (readFileSync(file, 'utf8') !== expected) {
    throw new ServerError(
      `The data in ${path} is damaged, or was made by another version of Kyo (expected layout ${layoutVersion}, PostgreSQL ` +
        `${postgresMajorVersion}). Use that version, or begin anew in another folder: npm start -- --data-dir DIR`,
    );
  }
}

/** Writes a file so that a crash leaves the old one or the new one, never half of it. Readable by its owner alone. */
export function writeAtomically(file: string, content: string): void {
  const draft = `${file}.draft`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, file);
}
