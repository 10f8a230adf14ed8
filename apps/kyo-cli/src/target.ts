/** Where a platform answers, and what says that an operator asks. */
export interface Target {
  url: string;
  /** Says that an operator asks; a new one when the last is about to end. */
  token(): Promise<string>;
  /** What to do when it does not answer. */
  remedy: string;
}

export interface TargetOptions {
  dataDir: string;
  /** A platform on AWS; without it the one on this machine. */
  stage?: string;
}
