import { expect, it } from 'vitest';
import { createLogger, redactText } from './logger.ts';

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

it('leaves the rest alone', () => {
  const text = 'tenant iron-temple moved from 10.0.0.1:5432 in 12 ms; 1+1234567 is a sum';
  expect(redactText(text)).toBe(text);
});
