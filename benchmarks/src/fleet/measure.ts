/** How long `task` takes; what it gives back is done afterwards and does not count. */
export async function seconds(task: () => Promise<(() => Promise<void>) | undefined>): Promise<number> {
  const startedAt = performance.now();
  const cleanUp = await task();
  const taken = (performance.now() - startedAt) / 1000;
  await cleanUp?.();
  return taken;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
