import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asReferences } from '../followed-values.ts';

// biome-ignore lint/suspicious/noExplicitAny: templates are as deep and as different as CloudFormation itself.
export type Properties = Record<string, any>;
export interface Resource {
  Type: string;
  Properties: Properties;
  DeletionPolicy?: string;
  DependsOn?: string | string[];
  CreationPolicy?: Properties;
}
export interface Template {
  Parameters?: Record<string, { Type: string }>;
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown }>;
}
/** The templates of a stage, by the name of the stack without stage. */
export type Templates = Record<string, Template>;

export interface FoundResource {
  stack: string;
  id: string;
  properties: Properties;
  resource: Resource;
}

export function readTemplates(directory: string): Templates {
  const suffix = '.template.json';
  return Object.fromEntries(
    readdirSync(directory)
      .filter((file) => file.endsWith(suffix))
      .map((file) => [
        withoutStage(file.slice(0, -suffix.length)),
        asReferences(JSON.parse(readFileSync(join(directory, file), 'utf8')) as Template),
      ]),
  );
}

/** `kyo-dev-data` → `data`. */
export function withoutStage(stackName: string): string {
  return stackName.split('-').slice(2).join('-');
}

export function resourcesOf(templates: Templates, ...types: string[]): FoundResource[] {
  return Object.entries(templates).flatMap(([stack, { Resources = {} }]) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => types.includes(Type))
      .map(([id, resource]) => ({ stack, id, resource, properties: resource.Properties ?? {} })),
  );
}

/** The only one, or the first. @throws {Error} when there is none. */
export function oneOf(
  templates: Templates,
  type: string,
  where: (found: FoundResource) => boolean = () => true,
): FoundResource {
  const found = resourcesOf(templates, type).find(where);
  if (!found) throw new Error(`No template has such a ${type}.`);
  return found;
}

/** Every container of every task definition. */
export function containersOf(templates: Templates): Properties[] {
  return resourcesOf(templates, 'AWS::ECS::TaskDefinition').flatMap(
    ({ properties }) => properties.ContainerDefinitions ?? [],
  );
}
