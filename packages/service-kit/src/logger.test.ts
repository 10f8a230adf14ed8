import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let output = '';
  write(
    createLogger(
      { service: 'test' },
      {
        write: (line: string) => {
          output += line;
        },
      },
    ),
  );
  return output;
}

const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

it.each([
  ['a field', { to: '+886912345678', code: '123456', password: 'hunter2', accessToken: token }],
  [
    'a nested field',
    { body: { to: '+886912345678', code: '123456', password: 'hunter2', refreshToken: token } },
  ],
  ['deeper still', { request: { body: { phone: '+886912345678', code: '123456', secret: 'hunter2' } } }],
])('takes secrets out of %s', (_, fields) => {
  const output = logged((logger) => logger.info(fields, 'sent'));
  for (const secret of ['+886912345678', '123456', 'hunter2', token]) expect(output).not.toContain(secret);
  expect(output).toContain('sent');
});

it('takes them out of sentences, URLs and errors too', () => {
  const error = new Error(
    `connect postgresql://kyo:hunter2@10.0.0.1/db for +886912345678 and owner@example.com with ${token}`,
  );
  const output = logged((logger) =>
    logger.error({ err: error, url: '/dev/outbox?to=%2B886912345678' }, 'failed'),
  );
  for (const secret of ['hunter2', '886912345678', 'owner@example.com', token])
    expect(output).not.toContain(secret);
  expect(JSON.parse(output)).toMatchObject({ level: 'error', msg: 'failed' });
});

it('createLogger cuts a text when it is longer than a line may be, and keeps the line JSON', () => {
  const output = logged((logger) =>
    logger.info({ url: 'x'.repeat(100_000), note: 'a\nb@example.com' }, 'y'.repeat(100_000)),
  );
  expect(output.length).toBeLessThan(5_000);
  expect(JSON.parse(output).note).toBe('a\n[email]');
});

it('createLogger ends when the causes of an error lead round in a circle', () => {
  const error: Error = new Error('first');
  error.cause = new Error('second', { cause: error });
  expect(logged((logger) => logger.error({ err: error }, 'failed'))).toContain('[too deep]');
});
