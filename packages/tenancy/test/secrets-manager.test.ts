import { type RecordedRequest, startHttpServer } from '@kyong/testing';
import { expect, test } from 'vitest';
import { secretsManager } from '../src/adapters/secrets-manager.ts';

/** What of Secrets Manager's API the adapter uses, in its published shape. */
async function startSecretsManager() {
  const secrets = new Map<string, string>();
  const seen: { operation: string; input: Record<string, unknown> }[] = [];
  let beforeCreate = () => {};
  const error = (type: string) => ({
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: { __type: type, Message: 'no' },
  });
  const success = (body: object) => ({ headers: { 'content-type': 'application/x-amz-json-1.1' }, body });

  const answer = ({ headers, body }: RecordedRequest) => {
    const operation = String(headers['x-amz-target']).replace('secretsmanager.', '');
    const input = JSON.parse(body) as Record<string, string>;
    seen.push({ operation, input });
    const name = input.SecretId ?? input.Name ?? '';
    if (operation === 'CreateSecret') {
      beforeCreate();
      if (secrets.has(name)) return error('ResourceExistsException');
      secrets.set(name, input.SecretString ?? '');
      return success({ Name: name });
    }
    if (operation === 'ListSecrets') {
      // One on a page, and those whose deletion has begun as well.
      const names = [...secrets.keys(), 'kyo/prod/tenants/iron-temple/deleted'];
      const page = Number(input.NextToken ?? 0);
      const Name = names[page] ?? '';
      const deleted = Name.endsWith('/deleted') && { DeletedDate: 1_767_225_600 };
      const NextToken = page + 1 < names.length ? String(page + 1) : undefined;
      return success({ SecretList: [{ Name, ...deleted }], NextToken });
    }
    const secret = secrets.get(name);
    if (secret === undefined) return error('ResourceNotFoundException');
    if (operation === 'GetSecretValue') return success({ Name: name, SecretString: secret });
    secrets.delete(name);
    return success({ Name: name });
  };
  const server = await startHttpServer(answer);
  const store = secretsManager({
    region: 'ap-northeast-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
    prefix: 'kyo/prod/',
    kmsKeyId: 'alias/kyo',
    tags: { 'kyo:stage': 'prod' },
  });
  const race = (task: () => void) => {
    beforeCreate = task;
  };
  return { store, secrets, seen, race };
}

const ref = 'tenants/iron-temple/database';

test('a secret is made once, tagged and encrypted with our key, and read ever after', async () => {
  const { store, secrets, seen } = await startSecretsManager();
  const secret = await store.ensure(ref);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(secrets.get(`kyo/prod/${ref}`)).toBe(secret);
  expect(seen.at(-1)).toMatchObject({
    operation: 'CreateSecret',
    input: {
      Name: `kyo/prod/${ref}`,
      KmsKeyId: 'alias/kyo',
      Tags: [
        { Key: 'kyo:managed', Value: 'true' },
        { Key: 'kyo:stage', Value: 'prod' },
      ],
    },
  });
  expect(await store.ensure(ref)).toBe(secret);
  expect(await store.read(ref)).toBe(secret);
  expect(seen.filter(({ operation }) => operation === 'CreateSecret')).toHaveLength(1);
});

test('of two that make it at once, both get the one that was first', async () => {
  const { store, secrets, race } = await startSecretsManager();
  race(() => secrets.set(`kyo/prod/${ref}`, 'the first'));
  expect(await store.ensure(ref)).toBe('the first');
});

test('what is deleted is gone at once, and deleting it again does no harm', async () => {
  const { store, secrets, seen } = await startSecretsManager();
  await store.ensure(ref);
  await store.delete(ref);
  await store.delete(ref);
  expect(secrets.size).toBe(0);
  expect(seen.at(-1)?.input).toMatchObject({ ForceDeleteWithoutRecovery: true });
  await expect(store.read(ref)).rejects.toThrow();
});

test('lists what belongs to a tenant, on every page, and nothing that is being deleted', async () => {
  const { store, secrets } = await startSecretsManager();
  await store.ensure(ref);
  await store.ensure(`${ref}-2`);
  await store.ensure('tenants/iron-temple-2/database');
  secrets.set('kyo/prod/platform/links', 'no tenant');
  expect((await store.list('iron-temple')).sort()).toEqual([ref, `${ref}-2`]);
  expect((await store.list()).sort()).toEqual(['tenants/iron-temple-2/database', ref, `${ref}-2`].sort());
});
