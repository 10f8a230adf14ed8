// Brings Node 24, pnpm and every package to a machine that has only Node >= 20 and npm.
// Plain JavaScript and no dependencies: it runs before anything is installed, on whatever Node is there.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const root = join(import.meta.dirname, '..');
const toolchain = join(root, '.toolchain');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { node: nodeVersion, pnpm: pnpmVersion } = manifest.toolchain;

export class SetupError extends Error {}

/** Prints one line for a long step, so that a first start is never silent. */
function progress(text) {
  process.stderr.write(`• ${text}\n`);
}

function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const output = [];
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString();
      if (code === 0) resolve(text);
      else
        reject(
          new SetupError(
            `${command} ${args.join(' ')} ended with code ${code}:\n${text.trim().slice(-2000)}`,
          ),
        );
    });
  });
}

/**
 * The PATH on which `node` is Node 24 and `pnpm` the pinned one.
 * The platform packages hold the bare binaries, so nothing depends on install scripts being allowed.
 */
async function ensureToolchain() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const nodePackage = `node-${platform}-${process.arch}`;
  const binaries = join(toolchain, 'node_modules', nodePackage, 'bin');
  const pnpm = join(toolchain, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  const wanted = `${nodePackage}@${nodeVersion} pnpm@${pnpmVersion}`;
  const marker = join(toolchain, 'installed');

  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    progress(`Getting Node ${nodeVersion} and pnpm ${pnpmVersion} from npm (once, about 10 s)`);
    mkdirSync(toolchain, { recursive: true });
    await run(
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      [
        'install',
        '--prefix',
        toolchain,
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
        '--loglevel=error',
        ...wanted.split(' '),
      ],
      // npm run sets variables of this project that would make the inner npm think it works on it.
      { env: withoutNpmVariables() },
    );
    writeFileSync(marker, wanted);
  }
  return { node: join(binaries, process.platform === 'win32' ? 'node.exe' : 'node'), pnpm, path: binaries };
}

function withoutNpmVariables() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(local_prefix|prefix)|package|lifecycle)/i.test(name),
    ),
  );
}

/** Every workspace manifest: what decides whether an install is due. */
function manifests() {
  const parents = ['packages', 'apps', 'lambda'].filter((name) => existsSync(join(root, name)));
  const files = parents.flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name, 'package.json')),
  );
  const alone = ['infrastructure', 'benchmarks', 'chaos', 'images'].map((name) =>
    join(root, name, 'package.json'),
  );
  return [
    join(root, 'package.json'),
    join(root, 'pnpm-lock.yaml'),
    join(root, 'pnpm-workspace.yaml'),
    ...alone,
    ...files,
  ].filter((file) => existsSync(file));
}

async function ensurePackages({ node, pnpm, path }) {
  const hash = createHash('sha256');
  for (const file of manifests()) hash.update(file.slice(root.length)).update(readFileSync(file));
  const digest = hash.digest('hex');
  const marker = join(root, 'node_modules', '.kyo-installed');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;

  progress('Installing packages (once, and again when they change)');
  await run(node, [pnpm, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'], {
    env: { ...withoutNpmVariables(), PATH: `${path}${delimiter}${process.env.PATH}`, CI: 'true' },
  });
  writeFileSync(marker, digest);
}

/** Everything a command of this repository needs; returns the Node to run it with and its environment. */
export async function ensureSetup() {
  try {
    const tools = await ensureToolchain();
    await ensurePackages(tools);
    return {
      node: tools.node,
      pnpm: tools.pnpm,
      env: {
        ...process.env,
        PATH: `${tools.path}${delimiter}${process.env.PATH}`,
        // What Node has compiled, types taken out: a program of ours loads a thousand files, in half the time from here.
        NODE_COMPILE_CACHE: join(root, '.toolchain', 'compile-cache'),
      },
    };
  } catch (error) {
    throw new SetupError(explain(error));
  }
}

function explain(error) {
  const text = String(error.message ?? error);
  if (/ENOSPC|no space left/i.test(text))
    return 'The disk is full. Free about 2 GB and run the command again.';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network/i.test(text)) {
    return `The npm registry cannot be reached. Check the network (or npm's proxy settings) and run the command again.\n${text}`;
  }
  if (/EACCES|EPERM|EROFS/i.test(text)) {
    return `This user may not write to ${root}. Run as the owner of the folder, or clone it again as this user.`;
  }
  return text;
}
