import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a child process says next. @throws {Error} when it ends instead. */
export async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const settled = new AbortController();
  const ended = once(child, 'exit', { signal: settled.signal }).then(([code]) => {
    throw new Error(`A process of the benchmark ended with code ${code}.`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: settled.signal }), ended]);
    return message as Message;
  } finally {
    settled.abort();
    ended.catch(() => {});
  }
}
