import { join } from 'node:path';
import { hasDocker } from '@kyong/images/engine';
import { App } from 'aws-cdk-lib';
import { command, progress } from '../commands/command.ts';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { imagesOf } from '../lib/images.ts';
import { addJudges } from '../lib/judges/index.ts';
import { addPlatform } from '../lib/platform.ts';
import { services } from '../lib/services/index.ts';

// What `npx aws-cdk ls|diff|deploy --all -c stage=dev` runs.
await command(async () => {
  const app = new App();
  const stage = stageOf(app.node.tryGetContext('stage'));
  const images = imagesOf(app.node.tryGetContext('images'));
  const unbuilt = services.flatMap(({ name }) => (name in images ? [] : [name]));
  if (unbuilt.length > 0 && !(await hasDocker()))
    progress(
      `Images of ${unbuilt.join(' and ')} are built by a deployment, which needs Docker, and its engine does not run here. ` +
        `Or deploy pushed ones: npm run push-image -- SERVICE -c stage=${stage.name}, then npm run deploy -- -c stage=${stage.name} --revision SHA.`,
    );
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  addPlatform(app, stage, { code, images });
  addJudges(app, stage);
  app.synth();
});
