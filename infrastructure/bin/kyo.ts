import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { imagesOf } from '../lib/images.ts';
import { addJudges } from '../lib/judges/index.ts';
import { addPlatform } from '../lib/platform.ts';

const app = new App();
const stage = stageOf(app.node.tryGetContext('stage'));
const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
addPlatform(app, stage, { code, images: imagesOf(app.node.tryGetContext('images')) });
addJudges(app, stage);
app.synth();
