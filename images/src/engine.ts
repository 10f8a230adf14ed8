import { join } from 'node:path';
import { ensureBaseImage } from './base-image.ts';
import { command, works } from './command.ts';

const root = join(import.meta.dirname, '..', '..');

export interface Engine {
  name: string;
  /** Builds the image of a service under this tag: for this machine, or to be shipped, for `platform` (`linux/arm64`). */
  build(service: string, tag: string, platform?: string): Promise<void>;
  sizeBytes(tag: string): Promise<number>;
  /** To the registry that the tag names. */
  push(tag: string): Promise<void>;
}

/** Docker where its engine runs, else Buildah, which needs none. @throws {Error} that says what to install. */
export async function findEngine(progress: (line: string) => void): Promise<Engine> {
  if (await hasDocker()) return docker;
  if ((await works('buildah', ['--version'])) || (await installBuildah(progress))) return buildah(progress);
  throw new Error(
    'Images need Docker with its engine running, or Buildah as root (Debian: apt-get install buildah debootstrap).',
  );
}

/** Whether Docker is here and its engine runs. */
export function hasDocker(): Promise<boolean> {
  return works('docker', ['info']);
}

/** Whether Docker's builder makes images for this platform, as its own or with QEMU. */
export function buildsFor(platform: string): Promise<boolean> {
  return command('docker', ['buildx', 'inspect']).then(
    (text) => text.includes(platform),
    () => false,
  );
}

/** The commit that is checked out. */
export function checkedOutRevision(): Promise<string> {
  return command('git', ['-C', root, 'rev-parse', 'HEAD']);
}

async function buildArguments(service: string, tag: string, platform?: string): Promise<string[]> {
  const revision = await checkedOutRevision();
  const whatItIs = ['--build-arg', `SERVICE=${service}`, '--build-arg', `REVISION=${revision}`, '--tag', tag];
  return platform === undefined ? whatItIs : ['--platform', platform, ...whatItIs];
}

const docker: Engine = {
  name: 'docker',
  async build(service, tag, platform) {
    await command('docker', ['build', ...(await buildArguments(service, tag, platform)), root]);
  },
  async sizeBytes(tag) {
    return Number(await command('docker', ['image', 'inspect', '--format', '{{.Size}}', tag]));
  },
  async push(tag) {
    await command('docker', ['push', tag]);
  },
};

/** Without an engine every step runs in a chroot: as root, on layers that the kernel lays over each other. */
export const buildahEnvironment = { ...process.env, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'overlay' };

function buildah(progress: (line: string) => void): Engine {
  const run = (...args: string[]) => command('buildah', args, { env: buildahEnvironment });
  return {
    name: 'buildah',
    async build(service, tag, platform) {
      // What ships stands on the Dockerfile's own base, or is not made.
      const base = platform === undefined ? await ensureBaseImage(run, progress) : undefined;
      const from = base === undefined ? [] : ['--build-arg', `NODE_IMAGE=${base}`];
      await run('build', ...from, ...(await buildArguments(service, tag, platform)), root);
    },
    async sizeBytes(tag) {
      const [image] = JSON.parse(await run('images', '--json', tag)) as { size: string }[];
      return parseSize(image?.size ?? '');
    },
    async push(tag) {
      await run('push', tag);
    },
  };
}

/** Buildah rounds: `297 MB`. */
function parseSize(text: string): number {
  const [, number, unit] = /^([\d.]+) ([KMG]?)B$/.exec(text) ?? [];
  return Number(number) * { '': 1, K: 1e3, M: 1e6, G: 1e9 }[unit as '' | 'K' | 'M' | 'G'];
}

async function installBuildah(progress: (line: string) => void): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await works('apt-get', ['--version']))) return false;
  progress('Getting Buildah and debootstrap from the Debian packages');
  const install = ['install', '--yes', '--no-install-recommends', 'buildah', 'debootstrap'];
  if (await works('apt-get', install)) return true;
  return (await works('apt-get', ['update'])) && works('apt-get', install);
}
