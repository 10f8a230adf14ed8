import { routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import { type Backups, requestRestore, requestRestoredChange, type TenancyStore } from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { answerTo, type OperationStarter } from './accepted.ts';
import type { Caller } from './authorize.ts';
import { jsonBody, parse } from './http.ts';

export interface RestoreDependencies extends OperationStarter, Backups {
  store: TenancyStore;
  /** How soon after its beginning a tenant has its first backup, as a rule. */
  firstBackupSeconds: number;
}

/** One tenant to a point in time, beside the live database. */
export async function restoreTenant(
  event: APIGatewayProxyEvent,
  caller: Caller,
  deps: RestoreDependencies,
): Promise<APIGatewayProxyResult> {
  if (!caller.isOperator) throw new Problem('forbidden');
  const { tenantId } = parse(routes.restoreTenant.params, event.pathParameters, 'path');
  const { to } = parse(routes.restoreTenant.body, jsonBody(event), 'body');
  const result = await requestRestore(tenantId, new Date(to), caller, deps);
  switch (result.outcome) {
    case 'outside-window': {
      const { reason: detail, window } = result;
      throw new Problem('restore_time_unavailable', {
        detail,
        ...(window
          ? { window: { from: window.from.toISOString(), until: window.until.toISOString() } }
          : { retryAfterSeconds: deps.firstBackupSeconds }),
      });
    }
    case 'restored-exists':
      throw new Problem('restored_database_exists', { detail: 'Swap or discard it first.' });
    default:
      return answerTo(result, tenantId, deps);
  }
}

/** What is to become of the restored database. */
export function changeRestored(kind: 'swap-restored' | 'discard-restored') {
  return async (event: APIGatewayProxyEvent, caller: Caller, deps: RestoreDependencies) => {
    if (!caller.isOperator) throw new Problem('forbidden');
    const { tenantId } = parse(routes.swapRestored.params, event.pathParameters, 'path');
    const result = await requestRestoredChange(kind, tenantId, caller, deps.store);
    if (result.outcome === 'nothing-restored') throw new Problem('nothing_restored');
    return answerTo(result, tenantId, deps);
  };
}
