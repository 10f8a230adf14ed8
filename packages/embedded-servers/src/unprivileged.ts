import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where root keeps what `nobody` must reach while the project lies in a folder only root may enter, such as /root. */
const reachableRoot = '/var/lib/kyo';

export interface Account {
  uid: number;
  gid: number;
}

/** The account PostgreSQL runs under: it refuses to run as root, so root lends it `nobody`. Undefined for ordinary users. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (!uid || !gid)
    throw new Error('There is no account "nobody" to run PostgreSQL under. Start Kyo as an ordinary user.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Makes an empty folder that the unprivileged account can reach: at `path` itself, or elsewhere and linked from there. */
export function makeReachableDirectory(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (isReachable(path)) {
    mkdirSync(path, { mode: 0o700 });
    return;
  }
  const place = join(makeReachableRoot(), randomBytes(8).toString('hex'));
  mkdirSync(place, { mode: 0o700 });
  symlinkSync(place, path);
}

/** The path at which the unprivileged account reaches these files, which are copied once if need be. */
export async function reachableCopy(path: string, name: string): Promise<string> {
  if (isReachable(path) && isOpen(path)) return path;
  const copy = join(makeReachableRoot(), name);
  if (existsSync(copy) && isOpen(copy)) return copy;
  const draft = `${copy}.draft-${randomBytes(4).toString('hex')}`;
  await run('cp', ['-a', `${realpathSync(path)}/.`, draft]);
  // They have the umask of the person that installed them.
  await run('chmod', ['-R', 'a+rX', draft]);
  if (existsSync(copy)) renameSync(copy, `${draft}.old`);
  try {
    renameSync(draft, copy);
  } catch {
    // Another server that started at the same time was first; its copy is as good.
    rmSync(draft, { recursive: true });
  }
  rmSync(`${draft}.old`, { recursive: true, force: true });
  return copy;
}

/** Gives a folder to the account PostgreSQL runs under. */
export async function giveToUnprivileged(path: string): Promise<void> {
  const account = unprivilegedAccount();
  const folder = realpathSync(path);
  if (!account || statSync(folder).uid === account.uid) return;
  await run('chown', ['-R', `${account.uid}:${account.gid}`, folder]);
}

function makeReachableRoot(): string {
  mkdirSync(reachableRoot, { recursive: true });
  chmodSync(reachableRoot, 0o711);
  return reachableRoot;
}

/** Whether others may list and enter the folder, and so what was installed with it. */
function isOpen(folder: string): boolean {
  const byOthers = 0o005;
  return !unprivilegedAccount() || (statSync(folder).mode & byOthers) === byOthers;
}

/** Whether every folder above `path` may be entered by the account PostgreSQL runs under. */
function isReachable(path: string): boolean {
  if (!unprivilegedAccount()) return true;
  const executableByOthers = 0o001;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & executableByOthers) === 0) return false;
  }
  return true;
}
