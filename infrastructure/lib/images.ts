import { z } from 'zod';

/** What every task runs on, and what images are built for. */
export const imagePlatform = 'linux/arm64';

const digests = z.record(z.string(), z.string().regex(/^sha256:[0-9a-f]{64}$/));

/** Of `-c images='{"kyo-otp-service":"sha256:…"}'`. @throws {RangeError} for anything else. */
export function imagesOf(context: unknown): Record<string, string> {
  if (context === undefined) return {};
  try {
    return digests.parse(typeof context === 'string' ? JSON.parse(context) : context);
  } catch {
    throw new RangeError('Expected -c images={"<service>":"sha256:<64 digits>"}, as JSON.');
  }
}
