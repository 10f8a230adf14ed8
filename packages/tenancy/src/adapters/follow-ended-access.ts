import { type EndedAccess, endedAccessSeconds, maxEndedAccess } from '../ended-access.ts';
import type { TenancyStore } from '../ports.ts';

/** Ends are heard of as they happen. This is for one that was missed. */
const readMilliseconds = 60_000;
/** Until it has been read for the first time nobody is let in. */
const retryMilliseconds = 1_000;

/** Reads what has ended into `endedAccess`: at once, when it is asked for, and now and then. */
export function followEndedAccess(
  endedAccess: EndedAccess,
  store: Pick<TenancyStore, 'findEndedAccess'>,
  onError: (error: Error) => void,
): { readAgain(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const read = async () => {
    clearTimeout(timer);
    let pause = readMilliseconds;
    try {
      endedAccess.add(await store.findEndedAccess(endedAccessSeconds, maxEndedAccess));
      endedAccess.known();
    } catch (error) {
      onError(error as Error);
      pause = retryMilliseconds;
    }
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void read(), pause).unref();
  };
  void read();
  return {
    readAgain: () => void read(),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
