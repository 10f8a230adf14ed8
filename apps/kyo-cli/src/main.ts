import { CommandFailed } from './failure.ts';
import { createProgram } from './program.ts';

const program = createProgram((text) => process.stdout.write(text), process.stdout.isTTY);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  // Where it is empty, the help has been shown already.
  if (error.message) process.stderr.write(`✗ ${error.message}\n`);
  process.exitCode = error.exitCode;
}
