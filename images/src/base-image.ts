import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';

const name = 'localhost/kyo-node-base';
/** The Debian of the base image that the Dockerfile names. */
const debianRelease = 'bookworm';
const npmVersion = '11';

type Buildah = (...args: string[]) => Promise<string>;

/**
 * The image to build on where the registry of the Dockerfile's own base cannot be reached: Debian's packages and the Node
 * that runs this. It stands in for the real one on this machine and is never shipped.
 * @returns undefined when the real one can be had.
 */
export async function ensureBaseImage(
  buildah: Buildah,
  progress: (line: string) => void,
): Promise<string | undefined> {
  if (await canPull(buildah)) return undefined;
  const known = await buildah('images', '--quiet', name).catch(() => '');
  if (known === '') {
    progress('The registry cannot be reached: making a base image of Debian packages (once, about a minute)');
    await makeBaseImage(buildah);
  }
  return name;
}

let reachable: Promise<boolean> | undefined;

function canPull(buildah: Buildah): Promise<boolean> {
  reachable ??= buildah('pull', '--quiet', 'docker.io/library/node:24-bookworm-slim').then(
    () => true,
    () => false,
  );
  return reachable;
}

async function makeBaseImage(buildah: Buildah): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'kyo-base-'));
  const rootfs = join(work, 'rootfs');
  try {
    await command('debootstrap', ['--variant=minbase', '--include=ca-certificates', debianRelease, rootfs]);
    for (const folder of ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale'])
      rmSync(join(rootfs, folder), { recursive: true });
    copyFileSync(process.execPath, join(rootfs, 'usr/local/bin/node'));
    await installNpm(work, rootfs);
    await command('chroot', [rootfs, 'useradd', '--create-home', '--uid', '1000', 'node']);
    // Packages come over the same network as here, through whoever this machine trusts.
    copyFileSync('/etc/ssl/certs/ca-certificates.crt', join(rootfs, 'etc/ssl/certs/ca-certificates.crt'));
    const container = await buildah('from', 'scratch');
    await buildah('copy', '--quiet', container, rootfs, '/');
    await buildah(
      'config',
      '--env',
      'NODE_USE_SYSTEM_CA=1',
      '--env',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      container,
    );
    await buildah('commit', '--quiet', '--rm', container, name);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function installNpm(work: string, rootfs: string): Promise<void> {
  const archive = await command('npm', ['pack', `npm@${npmVersion}`, '--silent'], { cwd: work });
  const modules = join(rootfs, 'usr/local/lib/node_modules/npm');
  mkdirSync(modules, { recursive: true });
  await command('tar', [
    '--extract',
    '--file',
    join(work, archive),
    '--directory',
    modules,
    '--strip-components=1',
  ]);
  for (const tool of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${tool}-cli.js`, join(rootfs, 'usr/local/bin', tool));
}
