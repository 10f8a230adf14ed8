import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { type FoundResource, oneOf, resourcesOf, type Templates } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

let templates: Templates;
let instance: FoundResource;
beforeAll(async () => {
  templates = await templatesOf('dev');
  instance = oneOf(templates, 'AWS::EC2::Instance');
});

const script = ({ properties }: FoundResource): string => properties.UserData['Fn::Base64'];

describe('the NAT instance', () => {
  it('has a script that a shell understands', () => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script(instance), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('is where every subnet of the services finds its way out', () => {
    const targets = resourcesOf(templates, 'AWS::EC2::Route').flatMap(({ properties }) =>
      properties.InstanceId ? [properties.InstanceId.Ref] : [],
    );
    expect(targets).toEqual([instance.id, instance.id, instance.id]);
  });

  it('passes on what is neither from it nor for it', () => {
    expect(instance.properties.SourceDestCheck).toBe(false);
  });

  it('is another one when the day of its image is another', async () => {
    const { network } = stageOf('dev');
    if (typeof network.nat === 'string') throw new Error('dev has a NAT instance.');
    const later = { ...network, nat: { ...network.nat, imageOf: '2027-05-01' } };
    const changed = await templatesOf('dev', { network: later }, 'later');
    expect(oneOf(changed, 'AWS::EC2::Instance').id).not.toBe(instance.id);
  });
});
