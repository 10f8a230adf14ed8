import { parseArgs } from 'node:util';
import { stageOf } from '../config/index.ts';
import { announceAccount } from './account.ts';
import { bootstrap } from './bootstrapping.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';

// `npm run bootstrap -- -c stage=dev`: what a stage is deployed with, by a person who may make it. Deployments do it when it is
// not there; again when another stage joins the account, whose things the fences of the others then name.
await command(async () => {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  const stage = stageOf(contextOf(values.context).stage);
  await announceAccount(stage);
  await bootstrap(stage);
});
