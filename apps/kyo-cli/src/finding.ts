/** What was looked at, and how it was found. */
export interface Finding {
  check: string;
  ok: boolean;
  detail: string;
  remedy?: string;
}
