import { type ExecFileOptions, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const maxOutputBytes = 64 * 1024 * 1024;

/** What the program printed. @throws {Error} with the end of what it said when it failed. */
export async function command(file: string, args: string[], options: ExecFileOptions = {}): Promise<string> {
  try {
    const { stdout } = await run(file, args, { maxBuffer: maxOutputBytes, ...options });
    return stdout.toString().trim();
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim() || message;
    throw new Error(`${file} ${args[0] ?? ''} failed:\n${said.slice(-4_000)}`);
  }
}

/** Whether the program is there and ends well. */
export async function works(file: string, args: string[]): Promise<boolean> {
  return command(file, args).then(
    () => true,
    () => false,
  );
}
