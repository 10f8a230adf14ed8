import type { App } from 'aws-cdk-lib';
import type { Stage } from '../config/index.ts';
import { CacheStack } from './stacks/cache.ts';
import { DataStack } from './stacks/data.ts';
import { DeliveryStack } from './stacks/delivery.ts';
import { EdgeStack } from './stacks/edge.ts';
import { EdgeGlobalStack } from './stacks/edge-global.ts';
import { GithubStack } from './stacks/github.ts';
import { MessagesStack } from './stacks/messages.ts';
import { MonitoringStack } from './stacks/monitoring.ts';
import { NetworkStack } from './stacks/network.ts';
import { OutsideStack } from './stacks/outside.ts';
import { ProvisioningStack } from './stacks/provisioning.ts';
import { RecoveryCopiesStack, RecoveryStack } from './stacks/recovery.ts';
import { ServicesStack } from './stacks/services.ts';

/**
 * Every stack of a stage, in the order in which they need each other.
 * @param code the folder with the bundled functions
 * @param images digests of published images, by service; the others are built from the sources
 */
export function addPlatform(
  app: App,
  stage: Stage,
  { code, images = {} }: { code: string; images?: Record<string, string> },
) {
  const delivery = new DeliveryStack(app, stage);
  const network = new NetworkStack(app, stage);
  const data = new DataStack(app, stage, { network, code });
  const cache = new CacheStack(app, stage, { network, data });
  const messages = new MessagesStack(app, stage);
  const services = new ServicesStack(app, stage, { network, data, cache, messages, delivery, images });
  const provisioning = new ProvisioningStack(app, stage, { network, data, code });
  const global = new EdgeGlobalStack(app, stage);
  const edge = new EdgeStack(app, stage, { data, messages, services, provisioning, global });
  const monitoring = new MonitoringStack(app, stage, { network, data, cache, services, provisioning });
  new OutsideStack(app, stage, { edge });
  const copies = stage.recovery.region
    ? new RecoveryCopiesStack(app, stage, stage.recovery.region)
    : undefined;
  const recovery = new RecoveryStack(app, stage, { copies });
  if (stage.github) new GithubStack(app, stage, stage.github, { delivery, edge });
  return {
    delivery,
    network,
    data,
    cache,
    messages,
    services,
    provisioning,
    global,
    edge,
    monitoring,
    recovery,
  };
}
