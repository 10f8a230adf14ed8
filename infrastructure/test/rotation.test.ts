import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeUsersCommand, ModifyUserCommand } from '@aws-sdk/client-elasticache';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { accessString } from '@kyong/redis/users';
import { Redis } from 'ioredis';
import { expect, inject, it, onTestFinished } from 'vitest';
import { stageOf } from '../config/index.ts';
import { type RotationClients, rotateSecrets } from '../lib/rotation.ts';

const wait = { everySeconds: 0.02, atMostSeconds: 20 };

interface Command {
  input: Record<string, unknown>;
}

/**
 * A stage whose cache is a real server, with a user of the test's own as ElastiCache would have it. The master database's part is
 * the function's (`rotation.test.ts` of the tenancy package): here it says who waits.
 */
async function createStage(waiting: string[][] = []) {
  const { host, port, password } = inject('redis');
  const admin = new Redis({ host, port, password });
  onTestFinished(() => admin.disconnect());
  const userId = `test-${randomBytes(6).toString('hex')}`;
  const setPasswords = (passwords: string[]) =>
    admin.call('ACL', 'SETUSER', userId, 'resetpass', ...passwords.map((each) => `>${each}`));
  await admin.call('ACL', 'SETUSER', userId, 'reset', ...accessString('otp').split(' '));
  onTestFinished(async () => void (await admin.call('ACL', 'DELUSER', userId)));
  const stage = {
    password: 'first',
    passwords: ['first'],
    restarts: 0,
    asked: [] as unknown[],
    connect: (withPassword: string) => new Redis({ host, port, username: userId, password: withPassword }),
  };
  await setPasswords(stage.passwords);

  const outputs = {
    Preparation: 'prepare',
    Users: JSON.stringify([{ userId, secret: 'login' }]),
    ClusterName: 'cluster',
    Services: JSON.stringify({ 'kyo-otp-service': 'otp' }),
  };
  const send = async (command: Command): Promise<unknown> => {
    if (command instanceof DescribeStacksCommand) {
      const list = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      return { Stacks: [{ Outputs: list }] };
    }
    if (command instanceof ModifyUserCommand) {
      stage.passwords = command.input.Passwords ?? [];
      await setPasswords(stage.passwords);
      return {};
    }
    if (command instanceof DescribeUsersCommand) {
      return { Users: [{ Status: 'active', Authentication: { PasswordCount: stage.passwords.length } }] };
    }
    if (command instanceof PutSecretValueCommand) {
      stage.password = JSON.parse(command.input.SecretString ?? '').password;
      return {};
    }
    return { SecretString: JSON.stringify({ username: userId, password: stage.password }) };
  };
  const clients = {
    cloudFormation: { send },
    elastiCache: { send },
    secretsManager: { send },
    ecs: {
      send: async () => {
        stage.restarts += 1;
      },
    },
    lambda: {
      send: async ({ input }: Command) => {
        const request = JSON.parse(String(input.Payload));
        stage.asked.push(request.rotate);
        const answer = request.rotate === 'begin' ? ['otp'] : (waiting.shift() ?? []);
        return { Payload: Buffer.from(JSON.stringify(answer)) };
      },
    },
  } as unknown as RotationClients;
  return { stage, clients };
}

/** A task connects again and again, under the password it was started with. */
async function isLetIn(connect: (password: string) => Redis, password: string): Promise<boolean> {
  const client = connect(password);
  client.on('error', () => {});
  const letIn = await client.get('{otp:0}:nothing').then(
    () => true,
    () => false,
  );
  client.disconnect();
  return letIn;
}

it('a rotation locks out neither the tasks of before nor those of after, and ends with one password', async () => {
  const { stage, clients } = await createStage([['otp'], ['otp']]);
  const letIn: boolean[] = [];
  let done = false;
  const watching = (async () => {
    while (!done) {
      // Until it is started again, a task has the password of before.
      const known = stage.restarts === 0 ? 'first' : stage.password;
      letIn.push(await isLetIn(stage.connect, known));
      await sleep(1);
    }
  })();
  const lines: string[] = [];
  await rotateSecrets(stageOf('dev'), clients, (line) => lines.push(line), wait);
  done = true;
  await watching;

  expect(letIn.length).toBeGreaterThan(1);
  expect(letIn).not.toContain(false);
  expect(stage.asked).toEqual(['begin', 'end', 'end', 'end']);
  expect(stage.restarts).toBe(1);
  expect(stage.password).not.toBe('first');
  expect(await isLetIn(stage.connect, 'first')).toBe(false);
  expect(await isLetIn(stage.connect, stage.password)).toBe(true);
  expect(lines.join()).not.toContain(stage.password);
});

it('a rotation that was cut off is gone on with: the password that tasks still have stays good until the end', async () => {
  const { stage, clients } = await createStage([['otp']]);
  const impatient = { ...wait, atMostSeconds: 0 };
  await expect(rotateSecrets(stageOf('dev'), clients, () => {}, impatient)).rejects.toThrow('Run this again');
  const { password } = stage;
  expect(stage.passwords).toEqual(['first', password]);

  await rotateSecrets(stageOf('dev'), clients, () => {}, wait);
  expect(stage.password).toBe(password);
  expect(stage.passwords).toEqual([password]);
});
