import { randomUUID } from 'node:crypto';
import { type Inspection as InspectionView, inspectionOf, routes } from '@kyong/contracts';
import { type Logger, Problem } from '@kyong/service-kit';
import type { Inspection, InspectionStore } from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, jsonBody, keyOf, parse } from './http.ts';

export const inspectionApiRoutes = [routes.requestInspection, routes.showInspection] as const;

export interface InspectionDependencies {
  inspections: InspectionStore;
  /** Has the driver look: a state machine on AWS, this process on the laptop. */
  startInspection: (inspectionId: string) => Promise<void>;
  logger: Logger;
}

/** Seconds until the first look at its result is worth it. */
const firstLookSeconds = 1;

/** What has to be looked at in databases of tenants; operators alone may ask. Here it is written down, and shown. */
export function createInspectionEndpoints(deps: InspectionDependencies) {
  const forOperators =
    (endpoint: (event: APIGatewayProxyEvent, caller: Caller) => Promise<APIGatewayProxyResult>) =>
    async (event: APIGatewayProxyEvent, caller: Caller) => {
      if (!caller.isOperator) throw new Problem('forbidden');
      return endpoint(event, caller);
    };
  return new Map([
    [
      keyOf(routes.requestInspection),
      forOperators(async (event, { id: actor, sourceIp }) => {
        const { kind, cursor: after } = parse(routes.requestInspection.body, jsonBody(event), 'body');
        const inspectionId = randomUUID();
        await deps.inspections.addInspection({ id: inspectionId, kind, after, actor, sourceIp });
        // Nothing looks after one that was not begun: to ask again costs the one who waits no more.
        await deps.startInspection(inspectionId).catch((error: unknown) => {
          deps.logger.warn({ err: error, inspectionId }, 'the inspection could not be begun');
          throw new Problem('unavailable');
        });
        const statusUrl = `/fleet/inspections/${inspectionId}`;
        const headers = { location: statusUrl, 'retry-after': String(firstLookSeconds) };
        return json(202, { inspectionId, statusUrl }, headers);
      }),
    ],
    [
      keyOf(routes.showInspection),
      forOperators(async (event) => {
        const { inspectionId } = parse(routes.showInspection.params, event.pathParameters, 'path');
        const inspection = await deps.inspections.findInspection(inspectionId);
        if (!inspection) throw new Problem('not_found');
        return json(200, inspectionView(inspection));
      }),
    ],
  ]);
}

function inspectionView({
  id,
  kind,
  status,
  result,
  error,
  createdAt,
  finishedAt,
}: Inspection): InspectionView {
  return inspectionOf(kind).parse({
    inspectionId: id,
    kind,
    status,
    startedAt: createdAt.toISOString(),
    ...(finishedAt && { finishedAt: finishedAt.toISOString() }),
    ...(error !== null && { error }),
    ...(status === 'succeeded' && { result }),
  });
}
