import type { Ports } from '../src/index.ts';

/** The process is dead. */
export class Crash extends Error {}

export interface CrashPoint {
  /** Which call to the outside world is the last one, counted from 0. */
  call: number;
  /** `before` it has any effect, or `after` it had its effect and before anybody learns of it. */
  when: 'before' | 'after';
}

/**
 * Ports of a process that dies at one point: from then on nothing it does has any effect.
 * `calls` counts what it asked of the world, `names` tells the methods.
 */
export function crashingPorts(
  ports: Ports,
  point?: CrashPoint,
): { ports: Ports; calls: () => number; names: () => string[] } {
  const names: string[] = [];
  let dead = false;

  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, name, receiver) => {
        const value: unknown = Reflect.get(object, name, receiver);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (dead) throw new Crash();
          const call = names.push(String(name)) - 1;
          if (point?.call === call && point.when === 'before') dead = true;
          if (dead) throw new Crash();
          const result: unknown = await value.apply(object, args);
          if (point?.call === call) dead = true;
          if (dead) throw new Crash();
          return result;
        };
      },
    });

  return {
    ports: {
      ...ports,
      store: wrap(ports.store),
      hosts: { dedicated: wrap(ports.hosts.dedicated), shared: wrap(ports.hosts.shared) },
      database: wrap(ports.database),
      copies: wrap(ports.copies),
      secrets: wrap(ports.secrets),
      archives: wrap(ports.archives),
    },
    calls: () => names.length,
    names: () => names,
  };
}
