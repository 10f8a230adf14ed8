import { resourcesOf, type Templates } from '../rules/templates.ts';
import { alwaysFreeUsd, fixedPrices } from './fixed.ts';
import { freeTypes } from './free-types.ts';
import { usages } from './usage/index.ts';
import type { Workload } from './workload.ts';

export interface CostLine {
  /** `fixed`, or the class of what is paid for by use. */
  section: string;
  item: string;
  monthlyUsd: number;
  /** How it was counted: the stacks, or the units with their assumption. */
  basis: string;
  /** What of it an account that has nothing else would not pay, for AWS gives so much to each every month. */
  alwaysFreeUsd: number;
}

/** What a stage costs a month: what there is, from its templates, and what is used of it, by the assumed workload. */
export function stageCost(templates: Templates, workload: Workload): CostLine[] {
  return [...fixedLines(templates), ...usageLines(templates, workload)];
}

export function sumOf(lines: CostLine[]): number {
  return lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
}

function fixedLines(templates: Templates): CostLine[] {
  return Object.entries(fixedPrices)
    .flatMap(([type, price]) => {
      const found = resourcesOf(templates, type);
      if (found.length === 0) return [];
      const monthlyUsd = found.reduce((sum, each) => sum + price(each, templates), 0);
      return {
        section: 'fixed',
        item: type.split('::').slice(1).join(' '),
        monthlyUsd,
        basis: `${found.length} in ${[...new Set(found.map(({ stack }) => stack))].join(', ')}`,
        alwaysFreeUsd: Math.min(monthlyUsd, alwaysFreeUsd[type] ?? 0),
      };
    })
    .sort((a, b) => b.monthlyUsd - a.monthlyUsd);
}

function usageLines(templates: Templates, workload: Workload): CostLine[] {
  return Object.entries(usages).flatMap(([section, items]) =>
    items
      .filter(({ types }) => resourcesOf(templates, ...types).length > 0)
      .map(({ item, assumption, units, usdPerUnit, alwaysFree = 0 }) => {
        const used = units(templates, workload);
        return {
          section,
          item,
          monthlyUsd: used * usdPerUnit,
          basis: `${used.toLocaleString('en', { maximumFractionDigits: 2 })}: ${assumption}`,
          alwaysFreeUsd: Math.min(used, alwaysFree) * usdPerUnit,
        };
      }),
  );
}

/** Types of resources in the templates that have no price and are not known to be free either. */
export function typesWithoutPrice(templates: Templates): string[] {
  const known = new Set([
    ...Object.keys(fixedPrices),
    ...Object.values(usages).flatMap((items) => items.flatMap(({ types }) => types)),
    ...Object.values(freeTypes).flat(),
  ]);
  const types = Object.values(templates).flatMap(({ Resources = {} }) =>
    Object.values(Resources).map(({ Type }) => Type),
  );
  return [...new Set(types)].filter((type) => !known.has(type)).sort();
}
