import { resourcesOf, type Templates } from '../rules/templates.ts';
import { Allowances } from './always-free.ts';
import { fixedAllowances, fixedPrices } from './fixed.ts';
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
  /** What of it is within what AWS gives to each account for ever. */
  alwaysFreeUsd: number;
}

/** What a stage costs a month: what there is, from its templates, and what is used of it, by the assumed workload. */
export function stageCost(templates: Templates, workload: Workload): CostLine[] {
  const allowances = new Allowances();
  return [...fixedLines(templates, allowances), ...usageLines(templates, workload, allowances)];
}

/** All of it: what AWS gives to each account for ever is not taken off, since another stage may have used it. */
export function sumOf(lines: CostLine[]): number {
  return lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
}

export function freeUsd(lines: CostLine[]): number {
  return lines.reduce((sum, { alwaysFreeUsd }) => sum + alwaysFreeUsd, 0);
}

function fixedLines(templates: Templates, allowances: Allowances): CostLine[] {
  return Object.entries(fixedPrices)
    .flatMap(([type, price]) => {
      const found = resourcesOf(templates, type);
      if (found.length === 0) return [];
      const monthlyUsd = found.reduce((sum, each) => sum + price(each, templates), 0);
      const [allowance, usdPerUnit] = fixedAllowances[type] ?? [];
      return {
        section: 'fixed',
        item: type.split('::').slice(1).join(' '),
        monthlyUsd,
        basis: `${found.length} in ${[...new Set(found.map(({ stack }) => stack))].join(', ')}`,
        alwaysFreeUsd:
          allowance && usdPerUnit ? allowances.take(allowance, monthlyUsd / usdPerUnit) * usdPerUnit : 0,
      };
    })
    .sort((a, b) => b.monthlyUsd - a.monthlyUsd);
}

function usageLines(templates: Templates, workload: Workload, allowances: Allowances): CostLine[] {
  return Object.entries(usages).flatMap(([section, items]) =>
    items
      .filter(({ types }) => resourcesOf(templates, ...types).length > 0)
      .map(({ item, assumption, units, usdPerUnit, alwaysFree }) => {
        const used = units(templates, workload);
        return {
          section,
          item,
          monthlyUsd: used * usdPerUnit,
          basis: `${used.toLocaleString('en', { maximumFractionDigits: 2 })}: ${assumption}`,
          alwaysFreeUsd: alwaysFree ? allowances.take(alwaysFree, used) * usdPerUnit : 0,
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
