import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { command } from '../src/command.ts';
import { buildahEnvironment } from '../src/engine.ts';

interface ImageConfiguration {
  Env: string[];
  Cmd: string[];
  User: string;
  WorkingDir: string;
}

export interface RunningImage {
  process: ChildProcess;
  configuration: ImageConfiguration;
  /** What it has written so far. */
  log: () => string;
}

const buildah = (...args: string[]) => command('buildah', args, { env: buildahEnvironment });

/**
 * Starts the image as a container would: from its own root file system, which is mounted read-only, as its own user, with its
 * own command and nothing of this machine's environment. Network and process table are this machine's.
 */
export async function startImage(tag: string, env: Record<string, string>): Promise<RunningImage> {
  const container = await buildah('from', tag);
  onTestFinished(async () => {
    await buildah('rm', container);
  });
  const rootfs = await buildah('mount', container);
  const inspected = JSON.parse(await buildah('inspect', '--type', 'image', tag)) as {
    OCIv1: { config: ImageConfiguration };
  };
  const configuration = inspected.OCIv1.config;
  const mountPoint = mkdtempSync(join(tmpdir(), 'kyo-image-'));
  onTestFinished(() => rmSync(mountPoint, { recursive: true, force: true }));
  // A mount namespace of its own: the mount is gone with the process.
  const enter = [
    'rootfs=$1 at=$2 user=$3 folder=$4 && shift 4',
    'mount --bind "$rootfs" "$at"',
    'mount -o remount,bind,ro "$at"',
    'exec chroot --userspec="$user" "$at" /usr/bin/env --chdir="$folder" --ignore-environment "$@"',
  ].join(' && ');
  const variables = [...configuration.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const child = spawn(
    'unshare',
    [
      ...['--mount', 'sh', '-c', enter, 'enter'],
      ...[rootfs, mountPoint, configuration.User, configuration.WorkingDir],
      ...[...variables, ...configuration.Cmd],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { process: child, configuration, log: () => output };
}
