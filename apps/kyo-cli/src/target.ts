/** Where a platform answers, and what says that an operator asks. */
export interface Target {
  url: string;
  token: string;
  /** What to do when it does not answer. */
  remedy: string;
}

export interface TargetOptions {
  dataDir: string;
  /** A platform on AWS; without it the one on this machine. */
  stage?: string;
}
