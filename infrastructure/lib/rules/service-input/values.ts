import type { Properties } from '../templates.ts';

/** CloudFormation takes a list, one value, or nothing. */
export const listOf = (value: unknown): Properties[] => [value ?? []].flat() as Properties[];

/** The lowest and highest a service takes; what is not given is the service's own default. */
export function outside(value: unknown, lowest: number, highest: number): boolean {
  return value !== undefined && (Number(value) < lowest || Number(value) > highest);
}

/** A secret that CloudFormation fetches while it deploys: its value is not known before. */
export const isFetched = (value: unknown) => String(value).startsWith('{{resolve:');

export function firstDuplicate<T>(values: T[]): T | undefined {
  return values.find((value, index) => values.indexOf(value) !== index);
}

/** JSON in a property; undefined when it is none. */
export function parsed(text: unknown): Properties | undefined {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as Properties) : (text as Properties);
  } catch {
    return undefined;
  }
}
