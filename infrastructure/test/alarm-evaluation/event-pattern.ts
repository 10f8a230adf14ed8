type Pattern = { [field: string]: Pattern | Matcher[] };
type Matcher = string | number | { prefix: string } | { suffix: string };
export type Event = { [field: string]: Event | string | number };

/** Whether a rule takes an event: the part of EventBridge's patterns that we use. @throws {RangeError} at everything else. */
export function matches(pattern: Pattern, event: Event): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const found = event[field];
    if (Array.isArray(expected)) return expected.some((matcher) => matchesOne(matcher, found));
    return typeof found === 'object' && matches(expected, found);
  });
}

function matchesOne(matcher: Matcher, found: Event[string] | undefined): boolean {
  if (typeof matcher !== 'object') return matcher === found;
  if (typeof found !== 'string') return false;
  if ('prefix' in matcher) return found.startsWith(matcher.prefix);
  if ('suffix' in matcher) return found.endsWith(matcher.suffix);
  throw new RangeError(`${JSON.stringify(matcher)} is not known here.`);
}
