/** `-c key=value`, as the CDK command line takes it. @throws {RangeError} for anything else. */
export function contextOf(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', ...value] = pair.split('=');
      if (key === '' || value.length === 0) throw new RangeError(`Expected -c key=value, got "${pair}".`);
      return [key, value.join('=')];
    }),
  );
}
