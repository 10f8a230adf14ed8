import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitFor } from '@kyong/embedded-servers';
import { pythonEnvironment } from './python.ts';

export interface AwsEmulator {
  /** Where every service answers. */
  url: string;
  accountId: string;
  region: string;
  /** It takes any; these belong to no one. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  stop(): Promise<void>;
}

const startTimeoutSeconds = 120;
const stopGraceSeconds = 5;

/** Ends when our end of its input closes, so that a test run that was killed leaves none behind. */
const program = `
import os, runpy, signal, sys, threading
def end_with_starter():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_starter, daemon=True).start()
overlays = sys.argv[1:]
sys.argv = ['ministack']
for overlay in overlays:
    runpy.run_path(overlay)
from ministack.app import main
main()
`;

export interface AwsEmulatorOptions {
  /** Where it answers, for those who have to know before it starts; else any that is free. */
  port?: number;
  /** Python files that are run inside the emulator before it starts, in this order. */
  overlays?: string[];
  /** For the overlays, and for the functions that the emulator runs: they inherit it. */
  environment?: Record<string, string>;
}

/** MiniStack (https://pypi.org/project/ministack) with nothing in it, on a port of its own. */
export async function startAwsEmulator({
  port: wantedPort,
  overlays = [],
  environment = {},
}: AwsEmulatorOptions = {}): Promise<AwsEmulator> {
  const python = await pythonEnvironment('ministack');
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-aws-'));
  const port = wantedPort ?? (await freePort());
  const accountId = '123456789012';
  const logFile = join(directory, 'ministack.log');
  const log = openSync(logFile, 'a');
  const child = spawn(python, ['-c', program, ...overlays], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      TMPDIR: directory,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: accountId,
      MINISTACK_HOST: 'localhost',
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: '0',
      LOG_LEVEL: 'WARNING',
      ...environment,
    },
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async () => {
    // Politely first: it has processes of its own where it runs functions.
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), stopGraceSeconds * 1000);
    await ended;
    clearTimeout(kill);
    rmSync(directory, { recursive: true, force: true });
  };

  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor('Starting MiniStack', startTimeoutSeconds, async () => {
      if (child.exitCode !== null) throw new Error(`MiniStack ended:\n${readFileSync(logFile, 'utf8')}`);
      const answer = await fetch(`${url}/_ministack/health`).catch(() => undefined);
      return answer?.ok || undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { url, accountId, region: 'us-east-1', credentials, stop };
}
