import type { Properties } from '../../../rules/templates.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

/** Which service assumes the role that stands in this property of a resource of this type. */
const assumed: [type: string, service: string, role: (properties: Properties) => unknown][] = [
  ['AWS::ApiGateway::Account', 'apigateway', ({ CloudWatchRoleArn }) => CloudWatchRoleArn],
  ['AWS::Backup::BackupSelection', 'backup', ({ BackupSelection }) => BackupSelection.IamRoleArn],
  ['AWS::EC2::FlowLog', 'vpc-flow-logs', ({ DeliverLogsPermissionArn }) => DeliverLogsPermissionArn],
  ['AWS::EC2::InstanceProfile', 'ec2', ({ Roles }) => Roles[0]],
  ['AWS::IAM::InstanceProfile', 'ec2', ({ Roles }) => Roles[0]],
  ['AWS::ECS::TaskDefinition', 'ecs-tasks', ({ ExecutionRoleArn }) => ExecutionRoleArn],
  ['AWS::ECS::TaskDefinition', 'ecs-tasks', ({ TaskRoleArn }) => TaskRoleArn],
  ['AWS::Lambda::Function', 'lambda', ({ Role }) => Role],
  ['AWS::RDS::DBInstance', 'monitoring.rds', ({ MonitoringRoleArn }) => MonitoringRoleArn],
  ['AWS::Scheduler::Schedule', 'scheduler', ({ Target }) => Target.RoleArn],
  ['AWS::StepFunctions::StateMachine', 'states', ({ RoleArn }) => RoleArn],
];

/** A service that is given a role may take it. IAM User Guide, "Creating a role to delegate permissions to an AWS service". */
export function trust(imagined: ImaginedAccount): Call[] {
  return assumed.flatMap(([type, service, role]) =>
    imagined.of(type).flatMap(({ name, arn, properties }) => {
      const found = role(properties);
      return typeof found === 'string' && found !== ''
        ? [
            {
              caller: `${service}.amazonaws.com`,
              action: 'sts:AssumeRole',
              resource: roleArn(found),
              context: { 'aws:SourceArn': arn },
              why: `${name} may not use its role`,
            },
          ]
        : [];
    }),
  );
}
