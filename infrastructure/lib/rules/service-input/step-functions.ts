import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf, parsed } from './values.ts';

const type = 'AWS::StepFunctions::StateMachine';
/** Fields of one query language that states of the other may not have. */
const foreignFields: Record<string, string[]> = {
  JSONata: ['InputPath', 'OutputPath', 'ResultPath', 'ResultSelector', 'Parameters', 'ItemsPath'],
  JSONPath: ['Arguments', 'Output'],
};
const ends = (state: Properties) => ['Succeed', 'Fail'].includes(state.Type) || state.End === true;

const nextOf = (state: Properties): string[] =>
  [
    state.Next,
    state.Default,
    ...listOf(state.Choices).map(({ Next }) => Next),
    ...listOf(state.Catch).map(({ Next }) => Next),
  ].filter((name) => name !== undefined);

/** What is wrong with the states, in the service's codes. */
function definitionFault({
  StartAt,
  States = {},
  QueryLanguage = 'JSONPath',
}: Properties): string | undefined {
  const states = States as Record<string, Properties>;
  if (!(StartAt in states)) return `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${StartAt} at /StartAt`;
  const reached = new Set<string>([StartAt]);
  for (const name of reached) {
    const state = states[name] ?? {};
    const missing = nextOf(state).find((next) => !(next in states));
    if (missing) return `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${missing} at /States/${name}`;
    if (!ends(state) && state.Type !== 'Choice' && state.Next === undefined)
      return `SCHEMA_VALIDATION_FAILED: State ${name} has neither Next nor End`;
    const foreign = foreignFields[state.QueryLanguage ?? QueryLanguage]?.find((field) => field in state);
    if (foreign) return `SCHEMA_VALIDATION_FAILED: Field ${foreign} is not supported at /States/${name}`;
    for (const next of nextOf(state)) reached.add(next);
  }
  const unreachable = Object.keys(states).find((name) => !reached.has(name));
  return (
    unreachable &&
    `MISSING_TRANSITION_TARGET: State "${unreachable}" is not reachable at /States/${unreachable}`
  );
}

export const stepFunctionsInput: InputRule[] = [
  {
    name: 'state machines lead from their start to an end, by states that exist',
    type,
    refuses: ({ DefinitionString, Definition }) => {
      const definition = parsed(DefinitionString ?? Definition);
      const fault = definition ? definitionFault(definition) : 'INVALID_JSON_DESCRIPTION';
      return fault && `Invalid State Machine Definition: '${fault}'`;
    },
    fault: {
      DefinitionString: JSON.stringify({
        StartAt: 'Advance',
        States: { Advance: { Type: 'Pass', Next: 'Done?' } },
      }),
    },
  },
  {
    name: 'state machines log to every stream of their group',
    type,
    refuses: ({ LoggingConfiguration }) =>
      listOf(LoggingConfiguration?.Destinations).some(
        ({ CloudWatchLogsLogGroup }) => !String(CloudWatchLogsLogGroup?.LogGroupArn).endsWith(':*'),
      ) && 'Invalid Logging Configuration: Log Destination must end with :*',
    fault: {
      LoggingConfiguration: {
        Destinations: [
          {
            CloudWatchLogsLogGroup: {
              LogGroupArn: 'arn:aws:logs:ap-northeast-1:123456789012:log-group:operations',
            },
          },
        ],
      },
    },
  },
];
