import { tenantEvent } from '@kyong/contracts';
import type { Event } from './event-pattern.ts';

const tenancy = (type: string): Event => ({ source: 'kyo.tenancy', 'detail-type': type, detail: { type } });
/** The reason is what makes an event one of an operation that failed (packages/contracts/src/event.ts). */
const types = tenantEvent.options.map(({ shape }) => ({
  type: shape.type.value,
  isFailure: 'reason' in shape,
}));
const failures = types.filter(({ isFailure }) => isFailure).map(({ type }) => tenancy(type));
const successes = types.filter(({ isFailure }) => !isFailure).map(({ type }) => tenancy(type));

const instance = (stage: string, EventID: string): Event => ({
  source: 'aws.rds',
  'detail-type': 'RDS DB Instance Event',
  detail: { SourceIdentifier: `kyo-${stage}-some-gym`, EventID, SourceType: 'DB_INSTANCE' },
});
const execution = (status: string, stateMachineArn: string): Event => ({
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  detail: { status, stateMachineArn },
});
const job = (kind: string, state: string): Event => ({
  source: 'aws.backup',
  'detail-type': `${kind} Job State Change`,
  detail: { state },
});

/** By rule: events that have to be sent to people, and events that must not. */
export function eventLives(
  stage: 'dev' | 'prod',
  machine: string,
): Record<string, { sent: Event[]; kept: Event[] }> {
  const other = stage === 'dev' ? 'prod' : 'dev';
  return {
    OperationFailed: { sent: failures, kept: [...successes, instance(stage, 'RDS-EVENT-0031')] },
    DatabaseTrouble: {
      sent: ['0007', '0031', '0087', '0221', '0223', '0224', '0225'].map((id) =>
        instance(stage, `RDS-EVENT-${id}`),
      ),
      kept: [
        instance(other, 'RDS-EVENT-0031'),
        // Created, backed up, failed over, less than a tenth free, and more storage added.
        ...['0005', '0002', '0049', '0089', '0217', '0218'].map((id) => instance(stage, `RDS-EVENT-${id}`)),
      ],
    },
    DriverEnded: {
      sent: ['FAILED', 'TIMED_OUT', 'ABORTED'].map((status) => execution(status, machine)),
      kept: [
        execution('RUNNING', machine),
        execution('SUCCEEDED', machine),
        execution('FAILED', 'the machine of another stage'),
      ],
    },
    BackupFailed: {
      sent: [job('Backup', 'FAILED'), job('Copy', 'ABORTED'), job('Backup', 'EXPIRED')],
      kept: [job('Backup', 'COMPLETED'), job('Copy', 'CREATED'), job('Restore', 'FAILED')],
    },
  };
}
