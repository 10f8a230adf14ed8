import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { MessageRefused, type MessageSender, RecipientRefused } from '../sender.ts';

export interface CircuitBreakerOptions {
  /** Whether the provider is left alone from now on, or is used again. */
  onChange: (change: { provider: string; state: 'open' | 'closed' }) => void;
  failures?: number;
  openSeconds?: number;
}

/** So many failures in a row are no accident. */
const defaultFailures = 5;
/** Then one message tries whether it is back. */
const defaultOpenSeconds = 10;

/**
 * Leaves a provider alone that fails again and again: messages go to the next one at once instead of after a timeout.
 * By cockatiel: no dependencies of its own, maintained, and its breaker is the usual one (closed, open, half open).
 */
export function withCircuitBreaker(sender: MessageSender, options: CircuitBreakerOptions): MessageSender {
  const { onChange, failures = defaultFailures, openSeconds = defaultOpenSeconds } = options;
  // A wrong number or a message that is not taken says nothing about the provider, or anybody could have it left alone.
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof RecipientRefused || error instanceof MessageRefused)),
    {
      halfOpenAfter: openSeconds * 1000,
      breaker: new ConsecutiveBreaker(failures),
    },
  );
  breaker.onStateChange((state) => {
    if (state === CircuitState.Open) onChange({ provider: sender.name, state: 'open' });
    if (state === CircuitState.Closed) onChange({ provider: sender.name, state: 'closed' });
  });
  return {
    name: sender.name,
    send: (message, signal) => breaker.execute(() => sender.send(message, signal)),
  };
}
