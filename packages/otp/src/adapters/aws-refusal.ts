import { MessageRefused, SenderRefused } from '../sender.ts';

/** What every service of AWS says of a caller, whatever the request is about. */
const callerFaults = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'InvalidSignatureException',
  'ResourceNotFoundException',
  'NotFoundException',
  'ServiceQuotaExceededException',
  'UnrecognizedClientException',
]);
/** Over in a while. */
const busy = new Set(['ThrottlingException', 'TooManyRequestsException', 'LimitExceededException']);

/**
 * Whose fault an error of an AWS client is. What is not known to be our account's is the message's: a fault of a client
 * (4xx) that one message can cause must not stop those of others. All else (5xx, no answer, too much at once) is as it was.
 */
export function awsRefusal(error: unknown, accountFaults: ReadonlySet<string> = new Set()): unknown {
  if (!(error instanceof Error) || busy.has(error.name)) return error;
  const { $fault, $metadata } = error as { $fault?: string; $metadata?: { httpStatusCode?: number } };
  const forbidden = $metadata?.httpStatusCode === 401 || $metadata?.httpStatusCode === 403;
  if (callerFaults.has(error.name) || accountFaults.has(error.name) || forbidden)
    return new SenderRefused(`AWS refuses: ${error.name}.`, { cause: error });
  if ($fault !== 'client') return error;
  return new MessageRefused(`AWS does not take the message: ${error.name}.`, { cause: error });
}
