import type { GymWording, TemplateReader } from './template.ts';

/** Short: whoever changes a template and tries it out sees the new words. */
const keptMilliseconds = 2_000;
/** A person waits for the code; the platform's own words do as well. */
const patienceMilliseconds = 500;
const maxKinds = 10_000;

interface Kept {
  wording: Promise<GymWording | undefined>;
  until: number;
}

/**
 * Templates for the sending of codes: asked for once in two seconds, and never waited for: a gym whose database is away or
 * slow has none for that long.
 */
export function cachedTemplates(options: {
  reader: TemplateReader;
  now: () => Date;
  onError: (error: unknown) => void;
}): TemplateReader {
  const { reader, now, onError } = options;
  const kept = new Map<string, Kept>();
  return {
    find(tenantId, kind) {
      const key = `${tenantId} ${kind.channel} ${kind.purpose} ${kind.locale}`;
      const known = kept.get(key);
      if (known && known.until > now().getTime()) return known.wording;
      const wording = withinPatience(reader.find(tenantId, kind)).catch((error: unknown) => {
        onError(error);
        return undefined;
      });
      // A Map keeps the order of insertion: the first key is the one asked for longest ago.
      kept.delete(key);
      kept.set(key, { wording, until: now().getTime() + keptMilliseconds });
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKinds) break;
        kept.delete(oldest);
      }
      return wording;
    },
  };
}

async function withinPatience<T>(task: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, patienceMilliseconds, new Error('The templates took too long.'));
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}
