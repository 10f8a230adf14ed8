import { ServerError } from '@kyong/embedded-servers';
import { createLogger, onShutdown } from '@kyong/service-kit';
import { AlreadyRunning } from './instance-lock.ts';
import { parseOptions, UsageError } from './options.ts';
import { startPlatform } from './platform.ts';
import { createProgress } from './progress.ts';

/** Until then everything has to be stopped; a second Ctrl-C does not wait. */
const shutdownDeadlineSeconds = 30;
const logger = createLogger({ service: 'local-platform', level: 'fatal' });

// What is printed may be lost, where the terminal is gone or the disk of a file is full; the platform goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  const progress = createProgress((text) => process.stdout.write(text));
  const starting = startPlatform(options, progress);
  const shutDown = onShutdown({ logger, deadlineSeconds: shutdownDeadlineSeconds }, async () => {
    process.stdout.write('\nStopping …\n');
    await (await starting).stop();
    process.stdout.write('Stopped. The data stays.\n');
  });
  // The one who started us was killed; nobody is left to stop us.
  process.once('disconnect', shutDown);
  const { url } = await starting;
  process.stdout.write(`Kyo is ready at ${url}\n`);
} catch (error) {
  process.stderr.write(`✗ ${explain(error)}\n`);
  process.exit(1);
}

/** What went wrong and what to do, in a line or two. */
function explain(error: unknown): string {
  const { code, port, path, message } = error as NodeJS.ErrnoException & { port?: number };
  // Whoever met it first, initdb included, says so in these words.
  if (/ENOSPC|No space left on device/.test(message)) {
    return 'The disk is full. Free some space (about 1 GB) and start again; nothing is lost.';
  }
  if (error instanceof UsageError || error instanceof ServerError || error instanceof AlreadyRunning)
    return message;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use. Stop what uses it, or choose another one: npm start -- --port ${(port ?? 8080) + 1}`;
    case 'EACCES':
      return port
        ? `Port ${port} may not be used by this user. Choose one above 1023: npm start -- --port 8080`
        : `${path} may not be used by this user. Start Kyo as its owner, or name another folder: npm start -- --data-dir DIR`;
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case '28P01':
      return `A server that the environment names cannot be used (${code}). Check KYO_MASTER_DATABASE_URL and KYO_REDIS_URL.`;
    default:
      return `${message}\nThe log is in the data directory, in logs/platform.log.`;
  }
}
