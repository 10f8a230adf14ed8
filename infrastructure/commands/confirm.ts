import { createInterface } from 'node:readline/promises';

/** Asks whether `what` is meant. @throws {Error} unless the name of the stage is typed; `elsewhere` where no one can be asked. */
export async function confirm(name: string, what: string, elsewhere: string): Promise<void> {
  if (!process.stdin.isTTY) throw new Error(`${what} ${elsewhere}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${what} Type ${name} to go on: `);
  terminal.close();
  if (answer.trim() !== name) throw new Error('Nothing was changed.');
}
