import type { Machine } from './machine.ts';

export interface Report {
  /** What is compared, one row each, ours first. */
  columns: string[];
  rows: { name: string; values: Record<string, number | undefined> }[];
  /** Versions of the peers and of the servers behind them. */
  versions: Record<string, string>;
  /** How it was measured: what a reader must know to believe it. */
  method: string[];
  targets: Target[];
}

export interface Target {
  what: string;
  measured: number;
  must: number;
  aim?: number;
  met: boolean;
}

export function renderReport(name: string, report: Report, machine: Machine): string {
  const { columns, rows } = report;
  const cells = [
    [name, ...columns],
    ...rows.map((row) => [row.name, ...columns.map((column) => formatNumber(row.values[column]))]),
  ];
  const widths = [name, ...columns].map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
  const versions = Object.entries(report.versions).map(([peer, version]) => `${peer} ${version}`);
  return [
    ...lines,
    '',
    ...report.targets.map(renderTarget),
    '',
    ...report.method,
    versions.join(', '),
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.system}, Node ${machine.node}`,
    '',
  ].join('\n');
}

function renderTarget({ what, measured, must, aim, met }: Target): string {
  const bounds = `must ${formatNumber(must)}${aim === undefined ? '' : `, aim ${formatNumber(aim)}`}`;
  return `${met ? '✓' : '✗'} ${what}: ${formatNumber(measured)} (${bounds})`;
}

function formatNumber(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
