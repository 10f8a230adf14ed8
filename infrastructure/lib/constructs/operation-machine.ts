import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { LogDays } from './node-function.ts';

/** Longer than any operation runs without a person: a fleet's slowest restore and its checks. */
const timeoutDays = 30;

/**
 * Advances one operation, or one migration of the fleet, until it is over: call the function, wait for as long as it says, call it again. It knows no step by
 * name; what there is to do stands in the master database.
 */
export class OperationMachine extends sfn.StateMachine {
  constructor(
    scope: Construct,
    id: string,
    { advance, logDays }: { advance: lambda.IFunction; logDays: LogDays },
  ) {
    const turn = tasks.LambdaInvoke.jsonata(scope, 'Advance', {
      lambdaFunction: advance,
      payload: sfn.TaskInput.fromObject({
        work: '{% $states.context.Execution.Input %}',
        execution: '{% $states.context.Execution.Name %}',
      }),
      outputs: '{% $states.result.Payload %}',
      retryOnServiceExceptions: false,
    });
    // Whatever went wrong, the operation's own bounds decide when to give up: they are recorded. For a day, as long as an
    // outage may last; afterwards the sweep starts another driver.
    turn.addRetry({
      errors: [sfn.Errors.ALL],
      interval: Duration.seconds(5),
      backoffRate: 2,
      maxDelay: Duration.minutes(5),
      maxAttempts: 300,
      jitterStrategy: sfn.JitterType.FULL,
    });
    const wait = sfn.Wait.jsonata(scope, 'Wait', {
      time: sfn.WaitTime.seconds('{% $states.input.afterSeconds %}'),
    });
    const definition = turn.next(
      sfn.Choice.jsonata(scope, 'Done?')
        .when(
          sfn.Condition.jsonata("{% $states.input.status = 'done' %}"),
          sfn.Succeed.jsonata(scope, 'Done'),
        )
        .otherwise(wait.next(turn)),
    );
    super(scope, id, {
      stateMachineType: sfn.StateMachineType.STANDARD,
      queryLanguage: sfn.QueryLanguage.JSONATA,
      definitionBody: sfn.DefinitionBody.fromChainable(definition),
      timeout: Duration.days(timeoutDays),
      comment: 'Advances one operation until it is over',
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(scope, `${id}Logs`, {
          retention: logDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ALL,
      },
    });
  }
}
