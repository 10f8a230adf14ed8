import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { stageOf } from '../config/index.ts';
import { buildCode, root } from '../lib/code/index.ts';
import { addJudges } from '../lib/judges/index.ts';
import { addPlatform } from '../lib/platform.ts';
import { services } from '../lib/services/index.ts';

const app = new App();
const stage = stageOf(app.node.tryGetContext('stage'));
const code = await buildCode(
  services.map(({ name }) => name),
  join(root, 'cdk.out', '.code', stage.name),
);
addPlatform(app, stage, { code });
addJudges(app, stage);
app.synth();
