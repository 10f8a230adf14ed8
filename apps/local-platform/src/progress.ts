/** Tells the person at the terminal what goes on: a line a step, with its time. */
export interface Progress {
  line(text: string): void;
  step<T>(text: string, task: Promise<T>): Promise<T>;
}

/** Steps faster than this are not worth a line. */
const worthALineMilliseconds = 200;

export function createProgress(write: (text: string) => void): Progress {
  return {
    line: (text) => write(`• ${text}\n`),
    async step(text, task) {
      const startedAt = performance.now();
      const announcement = setTimeout(() => write(`• ${text} …\n`), worthALineMilliseconds);
      try {
        const result = await task;
        const milliseconds = performance.now() - startedAt;
        if (milliseconds > worthALineMilliseconds)
          write(`✓ ${text} (${(milliseconds / 1000).toFixed(1)} s)\n`);
        return result;
      } finally {
        clearTimeout(announcement);
      }
    },
  };
}
