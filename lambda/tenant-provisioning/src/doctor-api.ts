import { routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import { findDifferences, type Ports, removeOrphans } from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, keyOf } from './http.ts';

export const doctorApiRoutes = [routes.findDifferences, routes.removeOrphans] as const;

/** Whether what there is of tenants is what the master database says; operators alone may ask. */
export function createDoctorEndpoints(ports: Ports) {
  const compare = async (_event: APIGatewayProxyEvent, caller: Caller): Promise<APIGatewayProxyResult> => {
    if (!caller.isOperator) throw new Problem('forbidden');
    return json(200, { differences: await findDifferences(ports) });
  };
  const repair = async (_event: APIGatewayProxyEvent, caller: Caller): Promise<APIGatewayProxyResult> => {
    if (!caller.isOperator) throw new Problem('forbidden');
    return json(200, await removeOrphans(await findDifferences(ports), ports));
  };
  return new Map([
    [keyOf(routes.findDifferences), compare],
    [keyOf(routes.removeOrphans), repair],
  ]);
}
