/**
 * Runs `task` again and again, `intervalSeconds` after it has ended, until it is stopped. A turn that fails is told to
 * `onError` and changes nothing.
 */
export function repeat(
  task: () => Promise<unknown>,
  intervalSeconds: number,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let turn = Promise.resolve();
  const run = async () => {
    await task().catch(onError);
    if (!stopped) timer = setTimeout(start, intervalSeconds * 1000);
  };
  const start = () => {
    turn = run();
  };
  timer = setTimeout(start, intervalSeconds * 1000);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
