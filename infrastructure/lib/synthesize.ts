import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { App, type IPolicyValidationPlugin, Validations } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import type { Stage } from '../config/index.ts';
import { root } from './code/index.ts';
import { addJudges } from './judges/index.ts';
import { addPlatform } from './platform.ts';

/** What the CDK command line passes on from cdk.json. */
export const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
  context: Record<string, unknown>;
};

/** Writes the templates of a stage into `directory`. @throws {Error} when one of CDK's own judges finds fault. */
export function synthesize(
  stage: Stage,
  code: string,
  directory: string,
  images: Record<string, string> = {},
  ...plugins: IPolicyValidationPlugin[]
): CloudAssembly {
  rmSync(directory, { recursive: true, force: true });
  const app = new App({ context: { ...context, stage: stage.name }, outdir: directory });
  addPlatform(app, stage, { code, images });
  addJudges(app, stage);
  Validations.of(app).addPlugins(...plugins);
  return app.synth();
}
