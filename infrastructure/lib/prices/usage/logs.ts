import { resourcesOf, type Templates } from '../../rules/templates.ts';
import { rates } from '../tokyo.ts';
import {
  controlPlaneRequests,
  minutesAMonth,
  requestsAMonth,
  turnsOfAnOperation,
  type Workload,
} from '../workload.ts';
import type { Usage } from './usage.ts';

const gibibyte = 2 ** 30;
/** Estimates, with the 26 bytes that CloudWatch adds to each line. */
const bytes = { request: 250, call: 900, accessLog: 350, turn: 8_000, refusedConnection: 130, metrics: 700 };
/** An address on the internet is knocked at all the time: about every ten seconds. */
const refusedADay = 8_640;

type Source = (templates: Templates, workload: Workload) => number;

const functionLogs: Source = (_, workload) =>
  bytes.call *
  (minutesAMonth + controlPlaneRequests(workload) + workload.operationsAMonth * turnsOfAnOperation);
const serviceLogs: Source = (_, workload) =>
  bytes.request * requestsAMonth(workload) + bytes.metrics * minutesAMonth;
const apiLogs: Source = (_, workload) => bytes.accessLog * controlPlaneRequests(workload);
const machineLogs: Source = (templates, workload) =>
  resourcesOf(templates, 'AWS::StepFunctions::StateMachine').some(
    ({ properties }) => properties.LoggingConfiguration?.Level === 'ALL',
  )
    ? bytes.turn * workload.operationsAMonth * turnsOfAnOperation
    : 0;
const flowLogs: Source = () => bytes.refusedConnection * refusedADay * 31;

function ingested(item: string, types: string[], assumption: string, source: Source): Usage {
  return {
    item,
    types,
    assumption,
    units: (templates, workload) => source(templates, workload) / gibibyte,
    usdPerUnit: rates.logsIngestedGibibyte,
    alwaysFree: 'logs',
  };
}

export const logs: Usage[] = [
  ingested(
    'logs of functions, GiB',
    ['AWS::Lambda::Function', 'AWS::Logs::LogGroup'],
    `${bytes.call} bytes a call`,
    functionLogs,
  ),
  ingested(
    'logs of services, GiB',
    ['AWS::ECS::Service', 'AWS::Logs::LogGroup'],
    `${bytes.request} bytes for each request, none for a look whether it is well; metrics every minute`,
    serviceLogs,
  ),
  ingested(
    'access log of API Gateway, GiB',
    ['AWS::ApiGateway::Stage'],
    `${bytes.accessLog} bytes a request`,
    apiLogs,
  ),
  ingested(
    'log of the state machine, GiB',
    ['AWS::StepFunctions::StateMachine'],
    `${bytes.turn} bytes a turn where everything is logged, nothing where errors are`,
    machineLogs,
  ),
  ingested(
    'refused connections, GiB',
    ['AWS::EC2::FlowLog'],
    `${refusedADay} a day, ${bytes.refusedConnection} bytes each`,
    flowLogs,
  ),
  {
    item: 'logs stored, GiB',
    types: ['AWS::Logs::LogGroup'],
    assumption: 'a fifth of what is written, for it is compressed, as long as it is kept',
    units: (templates, workload) =>
      ([functionLogs, serviceLogs, apiLogs, machineLogs, flowLogs]
        .map((source) => source(templates, workload))
        .reduce((sum, each) => sum + each, 0) /
        gibibyte /
        5) *
      (longestRetentionDays(templates) / 30),
    usdPerUnit: rates.logsStoredGibibyte,
    alwaysFree: 'logs',
  },
];

const longestRetentionDays = (templates: Templates): number =>
  Math.max(
    0,
    ...resourcesOf(templates, 'AWS::Logs::LogGroup').map(
      ({ properties }) => properties.RetentionInDays ?? 3_650,
    ),
  );
