import { beforeAll, describe, expect, it } from 'vitest';
import { lossesOf } from '../lib/losses.ts';
import { oneOf, type Templates } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

let prod: Templates;
beforeAll(async () => {
  prod = await templatesOf('prod');
});

/** What a change of the templates would cost. */
function lost(change: (templates: Templates) => unknown, from: Templates = prod) {
  const after = structuredClone(from);
  change(after);
  return lossesOf(from, after).map(({ logicalId, what }) => [logicalId, what]);
}
const master = (templates: Templates) =>
  oneOf(templates, 'AWS::RDS::DBInstance', ({ id }) => id.startsWith('Master'));

describe('a deployment', () => {
  it('loses nothing when nothing changes, or when what changes is changed where it is', () => {
    expect(lost(() => {})).toEqual([]);
    expect(
      lost((templates) => Object.assign(master(templates).properties, { DBInstanceClass: 'db.r8g.large' })),
    ).toEqual([]);
  });

  it('loses nothing the first time', () => {
    expect(lossesOf({}, prod)).toEqual([]);
  });

  it('loses a server whose key is another', () => {
    expect(
      lost((templates) => Object.assign(master(templates).properties, { KmsKeyId: 'arn:aws:kms:another' })),
    ).toEqual([[master(prod).id, 'is replaced by an empty one (KmsKeyId): a snapshot of it stays']]);
  });

  it('loses what is no longer in the templates', () => {
    const bucket = oneOf(prod, 'AWS::S3::Bucket', ({ id }) => id.startsWith('Files'));
    expect(lost((templates) => void delete templates[bucket.stack]?.Resources[bucket.id])).toEqual([
      [bucket.id, 'is taken away: the old one stays, and nothing uses it'],
    ]);
  });

  it('loses what another stack replaces: a key that is renamed, and all that is encrypted with it', () => {
    const { id } = oneOf(prod, 'AWS::KMS::Key');
    const renamed = JSON.parse(JSON.stringify(prod).replaceAll(id, 'AnotherKey')) as Templates;
    const found = lossesOf(prod, renamed).map(({ logicalId }) => logicalId);
    const cache = oneOf(prod, 'AWS::ElastiCache::ReplicationGroup');
    expect(found).toEqual(expect.arrayContaining([id, master(prod).id, cache.id]));
  });
});
