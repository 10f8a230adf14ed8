/** Runs a command: what goes wrong is said in a line, and is its exit code. */
export async function command(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`✗ ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

export function progress(text: string): void {
  process.stderr.write(`• ${text}\n`);
}
