import { account } from '../../../rules/service-input/ids.ts';
import type { Properties } from '../../../rules/templates.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

/** What ECS does before a container starts, under its execution role, and while it runs. ECS Developer Guide, "Task execution IAM role". */
export function containers(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::ECS::TaskDefinition').flatMap(({ properties, region }) => {
    const caller = roleArn(properties.ExecutionRoleArn);
    return (properties.ContainerDefinitions as Properties[]).flatMap((container) => [
      ...secrets(container, caller, imagined),
      ...image(container, caller, region),
      ...log(container, caller, region),
    ]);
  });
}

/** "ResourceInitializationError: unable to pull secrets". */
function secrets({ Secrets = [] }: Properties, caller: string, imagined: ImaginedAccount): Call[] {
  return Secrets.flatMap(({ Name, ValueFrom }: Properties) => {
    const arn = `${ValueFrom}`.split(':').slice(0, 7).join(':');
    const key = imagined.find(imagined.find(arn)?.properties.KmsKeyId);
    const why = `ECS cannot put ${Name} into the container`;
    const context = {
      'kms:ViaService': `secretsmanager.${key?.region}.amazonaws.com`,
      'kms:EncryptionContext:SecretARN': arn,
    };
    return [
      { caller, action: 'secretsmanager:GetSecretValue', resource: arn, why },
      ...(key ? [{ caller, action: 'kms:Decrypt', resource: key.arn, context, why }] : []),
    ];
  });
}

/** "CannotPullContainerError". */
function image({ Image }: Properties, caller: string, region: string): Call[] {
  const [, repository] = /^[^/]+\.dkr\.ecr\.[^/]+\/([^:@]+)/.exec(Image) ?? [];
  if (repository === undefined) return [];
  const resource = `arn:aws:ecr:${region}:${account}:repository/${repository}`;
  return [
    'ecr:GetAuthorizationToken',
    'ecr:BatchCheckLayerAvailability',
    'ecr:GetDownloadUrlForLayer',
    'ecr:BatchGetImage',
  ].map((action) => ({ caller, action, resource, why: `ECS cannot pull ${Image}` }));
}

function log({ LogConfiguration }: Properties, caller: string, region: string): Call[] {
  if (LogConfiguration?.LogDriver !== 'awslogs') return [];
  const group = LogConfiguration.Options['awslogs-group'];
  const resource = `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:app`;
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
    caller,
    action,
    resource,
    why: `${group} stays empty`,
  }));
}

/** ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec". */
export function shells(imagined: ImaginedAccount): Call[] {
  return imagined
    .of('AWS::ECS::Service')
    .filter(({ properties }) => properties.EnableExecuteCommand)
    .flatMap(({ properties }) => {
      const task = imagined.find(properties.TaskDefinition);
      return ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
        (name) => ({
          caller: roleArn(task?.properties.TaskRoleArn ?? ''),
          action: `ssmmessages:${name}`,
          resource: '*',
          why: 'no shell opens in a task',
        }),
      );
    });
}
