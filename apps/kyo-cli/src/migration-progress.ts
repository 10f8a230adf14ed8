import type { Migration } from '@kyong/contracts';

const barWidth = 30;
/** Elsewhere than on a terminal a line is written for so much of the whole. */
const stepShare = 0.1;

/** Shows how far a migration is: a bar on a terminal, a line now and then elsewhere. */
export function createMigrationProgress(
  terminal: boolean,
  write: (text: string) => void,
): (migration: Migration) => void {
  let shownShare = -1;
  let shown = '';
  return (migration) => {
    const { failed = 0, skipped = 0, succeeded = 0, pending = 0, running = 0 } = migration.tenants;
    const done = failed + skipped + succeeded;
    const all = done + pending + running;
    const share = all === 0 ? 1 : done / all;
    const waiting = migration.waiting.length;
    const text =
      `${done} of ${all} tenants` +
      (failed > 0 ? `, ${failed} failed` : '') +
      (waiting > 0 ? `, ${waiting} waiting` : '');
    const ended = migration.status !== 'running';
    if (terminal) {
      const filled = Math.round(share * barWidth);
      write(`\r${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${text}\u001b[K${ended ? '\n' : ''}`);
    } else if (text !== shown && (ended || share >= shownShare + stepShare || shownShare < 0)) {
      write(`${text}\n`);
      shownShare = share;
      shown = text;
    }
  };
}
