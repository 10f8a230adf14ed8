import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { edgeRegion } from '../lib/constructs/names.ts';
import { deployedTemplates } from '../lib/deployed-templates.ts';
import { imagesToDeploy } from '../lib/images-to-deploy.ts';
import { preflightClients } from '../lib/preflight/clients.ts';
import { stageCost, sumOf } from '../lib/prices/stage-cost.ts';
import { pricesAsOf } from '../lib/prices/tokyo.ts';
import { recordRelease } from '../lib/releases.ts';
import { brokenRules, readTemplates } from '../lib/rules/index.ts';
import { sitePages } from '../lib/site/pages.ts';
import { serveSite, uploadSite } from '../lib/site/publish.ts';
import { synthesize } from '../lib/synthesize.ts';
import { describeTemplateChanges } from '../lib/template-changes.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';
import { approve, bootstrapMissing, deployStacks, prepareAccount } from './deployment-steps.ts';

// `npm run deploy -- -c stage=dev`: with credentials and nothing else, from an empty account to an address.
await command(async () => {
  const { values } = parseArgs({
    options: {
      context: { type: 'string', short: 'c', multiple: true },
      /** The commit whose images are deployed; without one they are built here. */
      revision: { type: 'string' },
      /** Goes back to the images that ran before. */
      'roll-back': { type: 'boolean' },
      /** Logical id of something that holds data and may be replaced or taken away. */
      replace: { type: 'string', multiple: true, default: [] },
      /** A file to which `url=…` is added, as GitHub Actions want it. */
      outputs: { type: 'string' },
    },
  });
  const context = contextOf(values.context);
  const stage = stageOf(context.stage);
  const { region } = stage;
  const wanted = { images: context.images, revision: values.revision, rollBack: values['roll-back'] };
  const buildsImages = !(wanted.images || wanted.revision || wanted.rollBack);
  await prepareAccount({ stage, clients: preflightClients(stage), buildsImages });

  const ssm = new SSMClient({ region });
  const release = await imagesToDeploy(stage, wanted, {
    cloudFormation: new CloudFormationClient({ region }),
    ecr: new ECRClient({ region }),
    ssm,
  });
  if (release) progress(`Images of ${release.revision}`);
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name), release?.images);
  const templates = readTemplates(directory);
  const broken = brokenRules(templates);
  if (broken.length > 0) throw new Error(broken.join('\n'));

  const places = stacks.map(({ stackName, environment }) => ({ stackName, region: environment.region }));
  const before = await deployedTemplates(places, (where) => new CloudFormationClient({ region: where }));
  progress('What would change');
  process.stdout.write(`${describeTemplateChanges(before, templates)}\n`);
  const monthlyUsd = sumOf(stageCost(templates, stage.workload));
  progress(
    `Costs about USD ${monthlyUsd.toFixed(0)} a month, at prices of ${pricesAsOf}; npm run kyo -- cost says for what`,
  );
  await approve(stage, before, templates, values.replace);
  await bootstrapMissing(stage);
  const outputs = await deployStacks(directory, places);

  const {
    Url: url,
    SiteBucket: bucket,
    DistributionId: distributionId,
  } = outputs[`kyo-${stage.name}-edge`] ?? {};
  if (!url || !bucket || !distributionId) throw new Error('The deployment says no address.');
  progress('Filling the site');
  const site = { bucket, distributionId };
  const clients = { s3: new S3Client({ region }), cloudFront: new CloudFrontClient({ region: edgeRegion }) };
  const pages = release?.site ?? (await uploadSite(sitePages(), site, clients));
  await serveSite(pages, site, clients);
  // Only now: a deployment that CloudFormation took back is no release to go back to.
  if (release) await recordRelease(stage, { ...release, site: pages }, ssm);
  if (values.outputs !== undefined) appendFileSync(values.outputs, `url=${url}\n`);
  process.stdout.write(`Kyo ${stage.name} is at ${url}\nNext: npm run kyo -- smoke ${url}\n`);
});
