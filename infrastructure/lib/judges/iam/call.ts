/** A call to AWS, made by code of ours or by a service in its own name. */
export interface Call {
  /** The ARN of a role, or the principal of a service, such as `cloudwatch.amazonaws.com`. */
  caller: string;
  action: string;
  resource: string;
  /** Condition keys as the service sends them. */
  context?: Record<string, string | string[]>;
  /** What does not work when it is denied. */
  why: string;
}
