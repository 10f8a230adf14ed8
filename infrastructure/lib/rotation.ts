import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import {
  DescribeUsersCommand,
  type ElastiCacheClient,
  ModifyUserCommand,
  type User,
} from '@aws-sdk/client-elasticache';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { Stage } from '../config/index.ts';

export interface RotationClients {
  cloudFormation: CloudFormationClient;
  ecs: ECSClient;
  elastiCache: ElastiCacheClient;
  lambda: LambdaClient;
  secretsManager: SecretsManagerClient;
}

/** What the stacks say of themselves in their outputs. */
interface Places {
  /** The function that changes logins of the master database. */
  preparation: string;
  users: { userId: string; secret: string }[];
  cluster: string;
  services: string[];
}

/** ElastiCache takes a minute to change a user; tasks take a few to be replaced, and the longest step of an operation 15. */
const patience = { everySeconds: 10, atMostSeconds: 30 * 60 };

/**
 * Gives every program a new login to the master database and the cache, starts the services again, and takes the former logins
 * away when nothing uses them. What was cut off is gone on with by running it again.
 */
export async function rotateSecrets(
  stage: Stage,
  clients: RotationClients,
  tell: (line: string) => void,
  wait = patience,
): Promise<void> {
  const places = await placesOf(stage, clients);
  const begun = await rotateDatabase('begin', places, clients);
  tell(begun.length > 0 ? `New logins to the master database: ${begun.join(', ')}` : 'A rotation goes on');
  for (const user of places.users)
    if (await beginUser(user, clients, wait)) tell(`New password of ${user.userId}`);
  const { cluster } = places;
  for (const service of places.services)
    await clients.ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
  tell('The services are started again, task by task');

  await until(wait, 'Some still use their former login', async () => {
    const waiting = await rotateDatabase('end', places, clients);
    if (waiting.length > 0) tell(`Waiting for ${waiting.join(', ')}`);
    return waiting.length === 0;
  });
  // Tasks read both logins when they start: those that have the former password are gone with the former login.
  for (const user of places.users) await endUser(user, clients, wait);
  tell('The former logins are gone');
}

const names = z.array(z.string());

/** @throws {Error} when the function failed. */
async function rotateDatabase(
  rotate: 'begin' | 'end',
  { preparation }: Places,
  { lambda }: RotationClients,
): Promise<string[]> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: preparation, Payload: JSON.stringify({ rotate }) }),
  );
  const answer = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined)
    throw new Error(`The function ${preparation} failed: see its log. (${answer})`);
  return names.parse(JSON.parse(answer));
}

const login = z.object({ username: z.string(), password: z.string() });

/** Two passwords are good, and the secret holds the new one. False for a user that has two: its rotation has begun. */
async function beginUser(
  { userId, secret }: Places['users'][number],
  clients: RotationClients,
  wait: typeof patience,
): Promise<boolean> {
  const { Authentication } = await findUser(userId, clients);
  if (Authentication?.PasswordCount !== 1) return false;
  const { username, password } = await readLogin(secret, clients);
  const next = randomBytes(30).toString('base64url');
  await setPasswords(userId, [password, next], clients, wait);
  await clients.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret,
      SecretString: JSON.stringify({ username, password: next }),
    }),
  );
  return true;
}

/** The password in the secret is the only one from now on. */
async function endUser(
  { userId, secret }: Places['users'][number],
  clients: RotationClients,
  wait: typeof patience,
): Promise<void> {
  const { password } = await readLogin(secret, clients);
  await setPasswords(userId, [password], clients, wait);
}

async function readLogin(secret: string, { secretsManager }: RotationClients) {
  const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId: secret }));
  return login.parse(JSON.parse(SecretString));
}

async function setPasswords(
  userId: string,
  passwords: string[],
  clients: RotationClients,
  wait: typeof patience,
): Promise<void> {
  await clients.elastiCache.send(new ModifyUserCommand({ UserId: userId, Passwords: passwords }));
  await until(
    wait,
    `User ${userId} is not changed`,
    async () => (await findUser(userId, clients)).Status === 'active',
  );
}

async function findUser(userId: string, { elastiCache }: RotationClients): Promise<User> {
  const { Users } = await elastiCache.send(new DescribeUsersCommand({ UserId: userId }));
  const [user] = Users ?? [];
  if (!user) throw new Error(`The cache has no user ${userId}: deploy the stage first.`);
  return user;
}

async function placesOf({ name }: Stage, { cloudFormation }: RotationClients): Promise<Places> {
  const outputOf = async (stack: string, output: string): Promise<string> => {
    const { Stacks } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: `kyo-${name}-${stack}` }),
    );
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === output)?.OutputValue;
    if (value === undefined)
      throw new Error(`Stack kyo-${name}-${stack} has no output ${output}: deploy it first.`);
    return value;
  };
  return {
    preparation: await outputOf('data', 'Preparation'),
    users: JSON.parse(await outputOf('cache', 'Users')),
    cluster: await outputOf('services', 'ClusterName'),
    services: Object.values(JSON.parse(await outputOf('services', 'Services'))),
  };
}

/** @throws {Error} when it is not so in time. */
async function until(
  { everySeconds, atMostSeconds }: typeof patience,
  problem: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += everySeconds) {
    if (waited >= atMostSeconds) throw new Error(`${problem} after ${waited} s. Run this again to go on.`);
    await sleep(everySeconds * 1000);
  }
}
