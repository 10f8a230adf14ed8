import type { Check, Finding } from './check.ts';

/** Domains that are nobody's and never will be (RFC 2606): whoever wrote one meant to come back. */
const reserved = /(^|[.@/])example(\.(com|net|org))?(?=$|[/:>])/;

export const placeholderCheck: Check = {
  name: 'values of the stage',
  async look({ stage }) {
    const found = placeholdersIn(stage).map(
      ([path, value]): Omit<Finding, 'check'> => ({
        level: stage.keepsData ? 'error' : 'warning',
        detail: `${path} is a placeholder: ${value}`,
        remedy: `Say in infrastructure/config/${stage.name}.ts what it is.`,
      }),
    );
    return found.length > 0 ? found : [{ level: 'ok', detail: 'no placeholders' }];
  },
};

function placeholdersIn(value: unknown, path = ''): [path: string, value: string][] {
  if (typeof value === 'string') return reserved.test(value) ? [[path, value]] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) =>
    placeholdersIn(item, path === '' ? key : `${path}.${key}`),
  );
}
