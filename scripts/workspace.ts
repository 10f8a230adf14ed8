// Which packages of this repository a deployable is made of: what its image holds, and what makes a new one due.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface WorkspacePackage {
  name: string;
  /** From the root of the repository, with `/`. */
  folder: string;
  /** Names of the packages of this repository that it needs when it runs. */
  needs: string[];
}

const parents = ['packages', 'apps', 'lambda'];

export function readWorkspace(root: string): Map<string, WorkspacePackage> {
  const folders = parents.flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
  const packages = folders.map((folder) => {
    const { name, dependencies = {} } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    ) as { name: string; dependencies?: Record<string, string> };
    const needs = Object.keys(dependencies).filter((other) => dependencies[other]?.startsWith('workspace:'));
    return { name, folder, needs };
  });
  return new Map(packages.map((each) => [each.name, each]));
}

/** The package and all that it needs, directly or not. @throws {Error} when there is no such package. */
export function closureOf(name: string, workspace: Map<string, WorkspacePackage>): WorkspacePackage[] {
  const found = new Map<string, WorkspacePackage>();
  const visit = (next: string) => {
    if (found.has(next)) return;
    const each = workspace.get(next);
    if (!each)
      throw new Error(`There is no package "${next}". There are: ${[...workspace.keys()].join(', ')}.`);
    found.set(next, each);
    each.needs.forEach(visit);
  };
  visit(name);
  return [...found.values()];
}

/** The deployables that become an image: every app that is a service. */
export function servicesOf(workspace: Map<string, WorkspacePackage>): string[] {
  return [...workspace.values()]
    .filter(({ folder }) => /^apps\/.*-service$/.test(folder))
    .map(({ name }) => name);
}
