import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DiskSpace } from './disk-space.ts';

const mebibyte = 1024 * 1024;

/** A disk with so many MB free beside the reserve, which takes real space. */
function diskWith(megabytes: number) {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-disk-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'reserve');
  const reserved = () => (existsSync(file) ? statSync(file).size : 0);
  const disk = { megabytes };
  const told: string[] = [];
  const space = new DiskSpace({
    directory,
    freeBytes: async () => disk.megabytes * mebibyte - reserved(),
    onChange: (sentence) => told.push(sentence),
  });
  return { disk, space, told, reserved, directory };
}

it('DiskSpace refuses new work, with what is free, where and what to do, when too little is free', async () => {
  const { disk, space, told, directory } = diskWith(1_000);
  expect(await space.look()).toBeUndefined();
  disk.megabytes = 255;
  expect(await space.look()).toMatchObject({ code: 'insufficient_storage', status: 507 });
  expect(space.refusal?.message).toContain(`255 MB are free on the disk of ${directory}`);
  expect(space.refusal?.message).toContain('Delete what is not needed');
  disk.megabytes = 100;
  expect((await space.look())?.message).toContain('100 MB');
  expect(told).toHaveLength(1);
});

it('DiskSpace takes work again by itself, and not before there is room for it and for the reserve', async () => {
  const { disk, space, told } = diskWith(255);
  await space.look();
  disk.megabytes = 383;
  expect(await space.look()).toBeDefined();
  disk.megabytes = 384;
  expect(await space.look()).toBeUndefined();
  expect(told.at(-1)).toContain('new work is taken');
});

it('DiskSpace gives its reserve to the servers when the disk is full, and keeps one again afterwards', async () => {
  const { disk, space, reserved } = diskWith(1_000);
  await space.keepReserve();
  expect(reserved()).toBe(64 * mebibyte);
  disk.megabytes = 200;
  await space.look();
  expect(reserved()).toBe(64 * mebibyte);
  disk.megabytes = 64;
  await space.look();
  expect(reserved()).toBe(0);
  await space.keepReserve();
  expect(reserved()).toBe(0);
  disk.megabytes = 384;
  expect(await space.look()).toBeUndefined();
  await space.keepReserve();
  expect(reserved()).toBe(64 * mebibyte);
});

it('DiskSpace takes no reserve that would leave no room for work', async () => {
  const { space, reserved } = diskWith(300);
  await space.look();
  await space.keepReserve();
  expect(reserved()).toBe(0);
  expect(space.refusal).toBeUndefined();
});
