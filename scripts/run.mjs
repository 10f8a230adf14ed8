// `npm start`, `npm test`, … come here: set up, then hand over to the command's own program on Node 24.
import { spawn } from 'node:child_process';
import { environmentOf } from './environment.mjs';
import { ensureSetup, root, SetupError } from './toolchain.mjs';

const programs = {
  start: ['apps/local-platform/src/main.ts'],
  chaos: ['chaos/src/main.ts'],
  // Garbage is collected a little at a time: a pause of the load would count as the servers'.
  bench: ['--max-semi-space-size=1', 'benchmarks/src/main.ts'],
  images: ['images/src/main.ts'],
  'supply-chain': ['scripts/supply-chain.ts'],
  kyo: ['apps/kyo-cli/src/main.ts'],
  test: ['scripts/test.ts', '--project=unit', '--project=integration'],
  'test:deploy': ['scripts/test.ts', '--project=emulator'],
  synth: ['infrastructure/commands/synth.ts'],
  bootstrap: ['infrastructure/commands/bootstrap.ts'],
  deploy: ['infrastructure/commands/deploy.ts'],
  destroy: ['infrastructure/commands/destroy.ts'],
  diff: ['infrastructure/commands/diff.ts'],
  app: ['infrastructure/bin/kyo.ts'],
  cdk: ['--no-warnings', 'infrastructure/node_modules/aws-cdk/bin/cdk', '--no-notices'],
  'fill-secret': ['infrastructure/commands/fill-secret.ts'],
  'rotate-secrets': ['infrastructure/commands/rotate-secrets.ts'],
  'push-image': ['infrastructure/commands/push-image.ts'],
  'rotate-edge': ['infrastructure/commands/rotate-edge.ts'],
  'test:images': ['scripts/test.ts', '--project=image'],
  verify: ['scripts/verify.ts'],
  format: ['scripts/verify.ts', '--fix'],
};

const [name, ...args] = process.argv.slice(2);
const program = programs[name];
if (!program) {
  process.stderr.write(`Unknown command "${name}". There are: ${Object.keys(programs).join(', ')}.\n`);
  process.exit(1);
}

try {
  const { node, env } = await ensureSetup();
  supervise(
    spawn(node, [...program, ...args], {
      cwd: root,
      env: environmentOf(name, env),
      // In a group of its own, so that a signal to ours reaches it once, through us, and not three times over.
      detached: true,
      // It learns of our end, even of kill -9, by the channel that closes.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    }),
  );
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`✗ ${error.message}\n`);
  process.exit(1);
}

/** Passes signals on, ends with the child's code, and takes the child down when our own parent was killed. */
function supervise(child) {
  let toldAt = 0;
  const tell = (signal) => {
    // npm passes on what the terminal has sent to us already; only a later one means "now, without waiting".
    if (Date.now() - toldAt < 1000) return;
    toldAt = Date.now();
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, tell);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent && toldAt === 0) tell('SIGTERM');
  }, 500);
  child.on('exit', (code, signal) => {
    clearInterval(watch);
    process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
  });
}
