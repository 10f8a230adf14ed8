import { join } from 'node:path';
import { readWorkspace, servicesOf } from '../../scripts/workspace.ts';
import { type Engine, findEngine } from './engine.ts';

const workspace = readWorkspace(join(import.meta.dirname, '..', '..'));
/** Every service that has an image. */
export const services = servicesOf(workspace);

export interface BuiltImage {
  service: string;
  tag: string;
  engine: Engine['name'];
  seconds: number;
  megabytes: number;
}

/** Builds the images of these services, one after the other. @throws {Error} when there is no such service. */
export async function buildImages(names: string[], progress: (line: string) => void): Promise<BuiltImage[]> {
  const unknown = names.find((name) => !services.includes(name));
  if (unknown !== undefined)
    throw new Error(`There is no service "${unknown}". There are: ${services.join(', ')}.`);
  const engine = await findEngine(progress);
  const images: BuiltImage[] = [];
  for (const service of names) {
    progress(`Building ${service} with ${engine.name}`);
    const startedAt = performance.now();
    const tag = `localhost/${service}`;
    await engine.build(service, tag);
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    images.push({
      service,
      tag,
      engine: engine.name,
      seconds,
      megabytes: Math.round((await engine.sizeBytes(tag)) / 1e6),
    });
  }
  return images;
}
