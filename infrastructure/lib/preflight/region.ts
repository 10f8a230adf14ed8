import { type Check, ok } from './check.ts';

/** Deployments know their region; `kyo … --stage` asks in the machine's. */
export const regionCheck: Check = {
  name: 'region',
  async look({ stage, clients }) {
    const region = await clients.machineRegion();
    if (region === stage.region) return ok(region);
    return [
      {
        level: 'warning',
        detail: `this machine is set to ${region ?? 'none'}, and ${stage.name} is in ${stage.region}`,
        remedy: `For kyo … --stage ${stage.name}: AWS_REGION=${stage.region}. A deployment does not mind.`,
      },
    ];
  },
};
