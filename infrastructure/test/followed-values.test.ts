import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stageOf } from '../config/index.ts';
import { asReferences, followValues } from '../lib/followed-values.ts';
import { synthesize } from '../lib/synthesize.ts';
import { builtFunctions, images } from './templates.ts';

const place = { stackName: 'kyo-dev-cache', region: 'ap-northeast-1' };
const reference = (Region?: string) => ({
  'Fn::GetStackOutput': {
    StackName: 'kyo-dev-data',
    OutputName: 'PublishOutputKey',
    ...(Region && { Region }),
  },
});
const template = {
  Resources: { Group: { Type: 'AWS::ElastiCache::ReplicationGroup', Properties: { KmsKeyId: reference() } } },
  Outputs: { PublishOutputGroup: { Value: { Ref: 'Group' } }, Url: { Value: 'https://gym.tw' } },
};

it('a value of another stack comes as a parameter, and goes to others as one', () => {
  const followed = followValues(template, place);
  expect(followed.Parameters).toEqual({
    FromkyodevdataPublishOutputKey: {
      Type: 'AWS::SSM::Parameter::Value<String>',
      Default: '/kyo/dev/data/PublishOutputKey',
    },
  });
  expect(followed.Resources.Group.Properties.KmsKeyId).toEqual({ Ref: 'FromkyodevdataPublishOutputKey' });
  expect(followed.Resources.PublishOutputGroupParameter.Properties).toEqual({
    Type: 'String',
    Name: '/kyo/dev/cache/PublishOutputGroup',
    Value: { Ref: 'Group' },
  });
  expect(Object.keys(followed.Resources)).toHaveLength(2);
  expect(asReferences(followed).Resources.Group).toEqual(template.Resources.Group);
});

it('a value of another region stays a reference', () => {
  const properties = { KmsKeyId: reference('us-east-1') };
  const followed = followValues({ Resources: { Group: { Properties: properties } } }, place);
  expect(followed.Resources.Group.Properties).toEqual(properties);
});

it('every value between stacks of a region is followed, by a parameter that its stack writes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-followed-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  synthesize(stageOf('prod'), await builtFunctions(), directory, images);
  // Those that CloudFront and health checks need elsewhere take values over the border, for which there is no parameter.
  const files = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8'));
  const parsed = texts.map((text) => JSON.parse(text));
  const written = new Set(
    parsed.flatMap(({ Resources }) =>
      Object.values<{ Type: string; Properties: { Name: string } }>(Resources).flatMap(
        ({ Type, Properties }) => (Type === 'AWS::SSM::Parameter' ? [Properties.Name] : []),
      ),
    ),
  );
  const taken = parsed.flatMap(({ Parameters = {} }) =>
    Object.entries<{ Default: string }>(Parameters).flatMap(([id, { Default }]) =>
      id.startsWith('From') ? [Default] : [],
    ),
  );
  expect(taken.length).toBeGreaterThan(50);
  expect(taken.filter((name) => !written.has(name))).toEqual([]);
  const here = texts.filter(
    (_, index) => !/-(edge-global|outside|recovery-copies)\./.test(files[index] ?? ''),
  );
  const regions = here.flatMap((text) =>
    [...text.matchAll(/"Fn::GetStackOutput": \{[^}]*"Region": "([^"]+)"/g)].map(([, region]) => region),
  );
  expect(regions.length).toBeGreaterThan(0);
  expect(regions).not.toContain('ap-northeast-1');
});
