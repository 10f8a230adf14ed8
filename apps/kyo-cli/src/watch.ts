import { setTimeout as sleep } from 'node:timers/promises';
import type { InspectionKind, InspectionResult, Migration, Operation, OperationStep } from '@kyong/contracts';
import type { Client } from './client.ts';
import { CommandFailed } from './failure.ts';

const pollMilliseconds = 300;

/**
 * Prints a line for each step as it changes, until the operation ends.
 * @throws {CommandFailed} when it ends in another status than it should.
 */
export async function watch(
  client: Client,
  operationId: string,
  write: (text: string) => void,
  end: Operation['status'] = 'succeeded',
): Promise<Operation> {
  const shown = new Map<string, string>();
  for (;;) {
    const operation = await client.showOperation(operationId);
    for (const step of operation.steps) {
      const line = describeStep(step);
      if (step.status !== 'pending' && shown.get(step.name) !== line) write(`${line}\n`);
      shown.set(step.name, line);
    }
    if (operation.status === end) return operation;
    if (operation.status !== 'running') {
      throw new CommandFailed(
        `${operation.kind} ${operation.status}: ${operation.error ?? 'no reason given'}`,
      );
    }
    await sleep(pollMilliseconds);
  }
}

/** Shows a migration of the fleet as it goes on, to its end. */
export async function watchMigration(
  client: Client,
  migrationId: string,
  show: (migration: Migration) => void,
): Promise<Migration> {
  for (;;) {
    const migration = await client.showMigration(migrationId);
    show(migration);
    if (migration.status !== 'running') return migration;
    await sleep(pollMilliseconds);
  }
}

/** Has the platform look, and waits for what it finds. @throws {CommandFailed} when it could not. */
export async function inspect<K extends InspectionKind>(
  client: Client,
  kind: K,
  cursor?: string,
): Promise<InspectionResult<K>> {
  const { inspectionId } = await client.requestInspection({ kind, ...(cursor !== undefined && { cursor }) });
  for (;;) {
    const { status, error, result } = await client.showInspection(kind, inspectionId);
    if (status === 'succeeded') return result as InspectionResult<K>;
    if (status === 'failed') throw new CommandFailed(error ?? 'The inspection failed.');
    await sleep(pollMilliseconds);
  }
}

const marks: Record<OperationStep['status'], string> = {
  pending: ' ',
  running: '…',
  waiting: '…',
  retrying: '↻',
  succeeded: '✓',
  failed: '✗',
  undone: '↩',
};

export function describeStep({ name, status, startedAt, finishedAt, detail, error }: OperationStep): string {
  const seconds =
    startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 : undefined;
  const time = seconds === undefined ? '' : ` (${seconds.toFixed(2)} s)`;
  const remark = error ?? detail;
  return `${marks[status]} ${name}${time}${remark ? `: ${remark}` : ''}`;
}
