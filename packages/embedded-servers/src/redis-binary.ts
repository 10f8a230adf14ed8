import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ServerError, serverEnvironment } from './process.ts';

const run = promisify(execFile);

/** Where programs this repository brings are kept: shared by the platform and the tests, and safe to delete. */
export const toolsDirectory = join(import.meta.dirname, '..', '..', '..', '.toolchain');

export interface RedisBinary {
  file: string;
  /** Folder of the shared libraries it needs, when it is not installed in the system's own place. */
  libraries?: string;
}

/** Sharded publish/subscribe came with Redis 7.0 and Valkey 7.2. */
const minimumMajorVersion = 7;

/**
 * A Redis or Valkey server: from the PATH; else Debian's package, unpacked into a folder of ours, which needs no root and
 * starts no system service; else compiled from source. @throws {ServerError} with what to do.
 */
export async function findRedis(progress: (line: string) => void): Promise<RedisBinary> {
  const installed = (await onPath()) ?? (await unpacked());
  if (installed) return installed;
  const attempts = [
    { line: 'Getting Redis from the Debian packages', get: fromDebian },
    { line: 'Compiling Redis from source (a few minutes, once)', get: fromSource },
  ];
  const faults: string[] = [];
  for (const { line, get } of attempts) {
    try {
      const binary = await get(() => progress(line));
      if (binary) return binary;
    } catch (error) {
      faults.push(
        String((error as Error).message)
          .trim()
          .split('\n')[0] ?? '',
      );
    }
  }
  throw new ServerError(
    `Redis ${minimumMajorVersion} or newer is needed and could not be installed. Install it (Debian: apt-get install ` +
      `redis-server; macOS: brew install redis), or set KYO_REDIS_URL to a server of yours.\n${faults.join('\n')}`,
  );
}

async function onPath(): Promise<RedisBinary | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const files = ['valkey-server', 'redis-server'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  for (const file of files) {
    if (existsSync(file) && (await isNewEnough({ file }))) return { file };
  }
  return undefined;
}

async function isNewEnough(binary: RedisBinary): Promise<boolean> {
  try {
    const { stdout } = await run(binary.file, ['--version'], { env: redisEnvironment(binary) });
    return Number(/v=(\d+)\./.exec(stdout)?.[1]) >= minimumMajorVersion;
  } catch {
    return false;
  }
}

/** The environment in which the binary finds its libraries. */
export function redisEnvironment({ libraries }: RedisBinary): NodeJS.ProcessEnv {
  const environment = serverEnvironment(toolsDirectory);
  return libraries ? { ...environment, LD_LIBRARY_PATH: libraries } : environment;
}

const unpackedRoot = join(toolsDirectory, 'redis');

async function unpacked(): Promise<RedisBinary | undefined> {
  const file = join(unpackedRoot, 'usr', 'bin', 'redis-server');
  const libraryRoot = join(unpackedRoot, 'usr', 'lib');
  if (!existsSync(file)) return undefined;
  const triplet = readdirSync(libraryRoot).find((name) => name.endsWith('-linux-gnu'));
  const binary = { file, ...(triplet && { libraries: join(libraryRoot, triplet) }) };
  return (await isNewEnough(binary)) ? binary : undefined;
}

/** Downloads and unpacks the package and what it needs, with package lists of our own: apt asks nobody and locks nothing. */
async function fromDebian(started: () => void): Promise<RedisBinary | undefined> {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb'))
    return undefined;
  started();
  const work = `${unpackedRoot}.draft`;
  rmSync(work, { recursive: true, force: true });
  const archives = join(work, 'cache', 'archives');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'root'])
    mkdirSync(join(work, folder), { recursive: true });
  const options = [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    // Hooks of the system's apt would touch the system's own folders.
    'APT::Update::Post-Invoke=',
    'APT::Update::Post-Invoke-Success=',
  ].flatMap((option) => ['-o', option]);
  const quiet = { maxBuffer: 16 * 1024 * 1024 };
  await run('apt-get', [...options, 'update', '-qq'], quiet).catch(() => {
    // Only complaints of hooks, or really no network: the next command tells.
  });
  await run(
    'apt-get',
    [...options, 'install', '--download-only', '--no-install-recommends', '-y', '-qq', 'redis-server'],
    quiet,
  );
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['-x', join(archives, name), join(work, 'root')]);
  }
  rmSync(unpackedRoot, { recursive: true, force: true });
  renameSync(join(work, 'root'), unpackedRoot);
  rmSync(work, { recursive: true, force: true });
  return unpacked();
}

/** redis-memory-server compiles the sources of Redis; it needs a C compiler and make. */
async function fromSource(started: () => void): Promise<RedisBinary | undefined> {
  started();
  // A CommonJS module: its default export is one level down.
  const { default: module } = await import('redis-memory-server/lib/util/RedisBinary.js');
  return {
    file: await module.default.getPath({
      version: '7.2.11',
      downloadDir: join(toolsDirectory, 'redis-source'),
    }),
  };
}
