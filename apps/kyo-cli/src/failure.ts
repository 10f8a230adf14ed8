/** What the command line exits with. */
export const exitCodes = { failed: 1, usage: 2, unreachable: 3 } as const;

/** A command that did not do what it was asked; the message says why and what to do. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
