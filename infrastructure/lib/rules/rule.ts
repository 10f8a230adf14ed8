import type { Templates } from './templates.ts';

/** Something that would deploy, or pass every linter, and not work. */
export interface Rule {
  /** What has to hold, as a sentence. */
  name: string;
  /** Where it is broken: one line each. */
  findings(templates: Templates): string[];
  /** The fault, put back in: proof that the rule would find it. */
  reintroduce(templates: Templates): void;
}

/** A rule about every resource of a kind. */
export function each<T>(items: T[], finding: (item: T) => string | false | undefined): string[] {
  return items.flatMap((item) => finding(item) || []);
}
