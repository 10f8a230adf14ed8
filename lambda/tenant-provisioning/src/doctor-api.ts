import { routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import { findDifferences, type Ports, removeOrphans } from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, keyOf } from './http.ts';

export const doctorApiRoutes = [routes.findDifferences, routes.removeOrphans] as const;

export interface DoctorDependencies {
  ports: Ports;
  /** Whether orphans are removed from here: not where that takes minutes and rights that only the driver of operations has. */
  removes: boolean;
}

/** Whether what there is of tenants is what the master database says; operators alone may ask. */
export function createDoctorEndpoints({ ports, removes }: DoctorDependencies) {
  const compare = async (_event: APIGatewayProxyEvent, caller: Caller): Promise<APIGatewayProxyResult> => {
    if (!caller.isOperator) throw new Problem('forbidden');
    return json(200, { differences: await findDifferences(ports) });
  };
  const repair = async (_event: APIGatewayProxyEvent, caller: Caller): Promise<APIGatewayProxyResult> => {
    if (!caller.isOperator) throw new Problem('forbidden');
    if (!removes) {
      throw new Problem('forbidden', {
        detail: 'Nothing is removed from here. Do it by hand: docs/runbooks/differences.md.',
      });
    }
    return json(200, await removeOrphans(await findDifferences(ports), ports));
  };
  return new Map([
    [keyOf(routes.findDifferences), compare],
    [keyOf(routes.removeOrphans), repair],
  ]);
}
