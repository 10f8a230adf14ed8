/** Which methods a path is there for, by the patterns of routes (`/tenants/:id`, `/files/*`). */
export function methodsByPath() {
  const known = new Map<string, Set<string>>();
  return {
    add(pattern: string, methods: string[]): void {
      known.set(pattern, new Set([...(known.get(pattern) ?? []), ...methods]));
    },
    /** In alphabetical order; none when no pattern fits the URL. */
    find(url: string): string[] {
      const path = url.split('?', 1)[0] ?? '';
      const fitting = [...known].filter(([pattern]) => fits(pattern.split('/'), path.split('/')));
      return [...new Set(fitting.flatMap(([, methods]) => [...methods]))].sort();
    },
  };
}

function fits(pattern: string[], path: string[]): boolean {
  if (pattern.at(-1) === '*') return pattern.slice(0, -1).every((part, index) => matches(part, path[index]));
  return pattern.length === path.length && pattern.every((part, index) => matches(part, path[index]));
}

function matches(part: string, segment: string | undefined): boolean {
  return part.startsWith(':') ? Boolean(segment) : part === segment;
}
