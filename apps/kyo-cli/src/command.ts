import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from './client.ts';
import type { TargetOptions } from './target.ts';

export interface CommonOptions extends TargetOptions {
  json?: boolean;
}

/** What every command is made with. */
export interface CommandContext {
  /** Gives a command the options all of them have. */
  common: (command: Command) => Command;
  /** The value for machines, or the text for people. */
  print: (options: Pick<CommonOptions, 'json'>, value: unknown, text: () => string) => void;
  clientOf: (options: CommonOptions) => Client;
  write: (text: string) => void;
  /** Whether a person looks on. */
  terminal: boolean;
}

/** An option that is a number of things. */
export function toCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
