import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolsDirectory } from '@kyong/embedded-servers';

const run = promisify(execFile);

const requirementsDirectory = join(import.meta.dirname, '..', 'python');
const oldestPython = [3, 10] as const;

/**
 * A Python of the project's own, with the packages of `packages/testing/python/<name>.txt`: made at first use (about
 * 15 s), kept under `.toolchain`. Answers with the interpreter's path; run tools as `python -m <tool>`.
 * @throws {Error} that says what to install, when this machine cannot.
 */
export async function pythonEnvironment(name: string): Promise<string> {
  const requirements = join(requirementsDirectory, `${name}.txt`);
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(toolsDirectory, 'python', `${name}-${digest}`);
  const python = join(home, 'bin', 'python');
  if (existsSync(python)) return python;

  await requirePython();
  // Made aside and moved into place: several test runs may need it at once, and a crash must not leave half of it.
  const draft = `${home}.draft-${randomBytes(4).toString('hex')}`;
  mkdirSync(join(toolsDirectory, 'python'), { recursive: true });
  try {
    await tell(
      'python3',
      ['-m', 'venv', draft],
      'Install its venv module (Debian: apt-get install python3-venv).',
    );
    await tell(
      join(draft, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements],
      'Check that PyPI can be reached (or set PIP_INDEX_URL).',
    );
    renameSync(draft, home);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another run that started at the same time was first; its copy is as good.
    if (!existsSync(python)) throw error;
  }
  return python;
}

async function requirePython(): Promise<void> {
  const wanted = oldestPython.join('.');
  const remedy = `These tests need Python ${wanted} or newer as python3 on the PATH.`;
  const output = await tell('python3', ['--version'], remedy);
  const [major = 0, minor = 0] = output.replace('Python ', '').split('.').map(Number);
  const isNewEnough = major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
  if (!isNewEnough) throw new Error(`Python ${major}.${minor} is too old. ${remedy}`);
}

/** @throws {Error} with the remedy and what the program said. */
async function tell(file: string, args: string[], remedy: string): Promise<string> {
  try {
    return (await run(file, args)).stdout;
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string };
    throw new Error(`${file} ${args.slice(0, 2).join(' ')} failed. ${remedy}\n${stderr.trim() || message}`);
  }
}
