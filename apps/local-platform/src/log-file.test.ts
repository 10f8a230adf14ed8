import { expect, it } from 'vitest';
import { LogFile } from './log-file.ts';

/** As much of a file as there is room for; half a line is written where there is room for half. */
function smallDisk(roomBytes: number) {
  const disk = { room: roomBytes, text: '' };
  const file = {
    async appendFile(data: unknown) {
      const text = String(data);
      disk.text += text.slice(0, Math.max(0, disk.room - disk.text.length));
      if (disk.text.length >= disk.room) throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    },
    async close() {},
  };
  return { disk, log: new LogFile(file) };
}

const lineOf = (number: number) => `${JSON.stringify({ number })}\n`;

it('LogFile writes lines in their order, those that came meanwhile too', async () => {
  const { disk, log } = smallDisk(1_000);
  for (const number of [1, 2, 3]) log.write(lineOf(number));
  await log.close();
  expect(disk.text).toBe(lineOf(1) + lineOf(2) + lineOf(3));
});

it('LogFile loses lines while the disk is full, and says how many when it is not', async () => {
  const { disk, log } = smallDisk(lineOf(1).length + 3);
  log.write(lineOf(1));
  await new Promise(setImmediate);
  for (const number of [2, 3]) log.write(lineOf(number));
  await new Promise(setImmediate);
  disk.room = 1_000;
  log.write(lineOf(4));
  await log.close();
  const [first, torn, note, last] = disk.text.trim().split('\n');
  expect([first, torn, last]).toEqual([lineOf(1).trim(), lineOf(2).slice(0, 3), lineOf(4).trim()]);
  expect(JSON.parse(note ?? '')).toMatchObject({ level: 'warn', lost: 2 });
});

it('LogFile keeps a bounded amount of what waits for a slow disk', async () => {
  let answer = () => {};
  const written: string[] = [];
  const log = new LogFile({
    appendFile: (text) =>
      new Promise((resolve) => {
        written.push(String(text));
        answer = resolve;
      }),
    async close() {},
  });
  for (let line = 0; line < 100; line += 1) log.write(`${'x'.repeat(99_999)}\n`);
  answer();
  await new Promise(setImmediate);
  // The first went out at once; of the others, those that fit.
  expect(written[1]?.length).toBeLessThan(1024 * 1024 + 200);
  expect(written[1]).toContain('"lost":89');
});
