import type { TableComparison } from '@kyong/contracts';
import { type ClientBase, type Connection, escapeIdentifier, withConnection } from '@kyong/postgres';
import { beginReading, listOf, type Tables, tablesOf } from './tables.ts';

interface Summary {
  rows: number;
  checksum: string;
  newestAt: Date | null;
}

/** What a row is and what it holds, as numbers. */
interface RowHash {
  key: bigint;
  content: bigint;
}

const rowsAtATime = 10_000;

/**
 * Compares two databases table by table and row by row, each in one state of its own; columns that only one of them has are
 * left out. Memory does not grow with the tables: both are read in the order of their hashed keys.
 */
export function compareDatabases(live: Connection, restored: Connection): Promise<TableComparison[]> {
  return withConnection(live, (here) =>
    withConnection(restored, async (there) => {
      await Promise.all([beginReading(here), beginReading(there)]);
      const [hereTables, thereTables] = await Promise.all([tablesOf(here), tablesOf(there)]);
      const names = [...new Set([...hereTables.keys(), ...thereTables.keys()])].sort();
      const comparisons: TableComparison[] = [];
      for (const name of names) {
        const table = common(name, hereTables, thereTables);
        const [liveSummary, restoredSummary] = await Promise.all([
          hereTables.has(name) ? summaryOf(here, table) : null,
          thereTables.has(name) ? summaryOf(there, table) : null,
        ]);
        comparisons.push({
          table: name,
          liveRows: liveSummary?.rows ?? null,
          restoredRows: restoredSummary?.rows ?? null,
          differingRows:
            liveSummary && restoredSummary
              ? await differingRows(here, there, table, liveSummary, restoredSummary)
              : ((liveSummary ?? restoredSummary)?.rows ?? 0),
          liveNewestAt: liveSummary?.newestAt?.toISOString() ?? null,
          restoredNewestAt: restoredSummary?.newestAt?.toISOString() ?? null,
        });
      }
      return comparisons;
    }),
  );
}

interface Table {
  name: string;
  columns: string[];
  key: string[];
  times: string[];
}

/** What both have of a table. Without a primary key the whole row tells rows apart. */
function common(name: string, here: Tables, there: Tables): Table {
  const [one, other] = [here.get(name) ?? there.get(name), there.get(name) ?? here.get(name)];
  const inBoth = (part: 'columns' | 'key' | 'times') =>
    (one?.[part] ?? []).filter((column) => other?.[part].includes(column));
  const [columns, key, times] = [inBoth('columns'), inBoth('key'), inBoth('times')];
  return { name, columns, key: key.length > 0 ? key : columns, times };
}

const hashOf = (columns: string[]) => `hashtextextended(ROW(${listOf(columns)})::text, 0)`;

async function summaryOf(client: ClientBase, { name, columns, times }: Table): Promise<Summary> {
  const newest = times.map(
    (column) => `max(${escapeIdentifier(column)}) FILTER (WHERE ${escapeIdentifier(column)} <= now())`,
  );
  const { rows } = await client.query<{ rows: string; checksum: string; newest_at: Date | null }>(
    `SELECT count(*) AS rows, coalesce(sum(${hashOf(columns)}), 0)::text AS checksum,
            ${newest.length > 0 ? `greatest(${newest.join(', ')})` : 'NULL::timestamptz'} AS newest_at
       FROM public.${escapeIdentifier(name)}`,
  );
  return {
    rows: Number(rows[0]?.rows),
    checksum: rows[0]?.checksum ?? '',
    newestAt: rows[0]?.newest_at ?? null,
  };
}

async function differingRows(
  here: ClientBase,
  there: ClientBase,
  table: Table,
  live: Summary,
  restored: Summary,
): Promise<number> {
  if (live.rows === restored.rows && live.checksum === restored.checksum) return 0;
  const [ours, theirs] = [rowHashes(here, table), rowHashes(there, table)];
  let differing = 0;
  let [one, other] = await Promise.all([ours.next(), theirs.next()]);
  while (!one.done || !other.done) {
    const side = one.done ? 1 : other.done ? -1 : order(one.value, other.value);
    const same = side === 0 && one.value?.content === other.value?.content;
    if (!same) differing += 1;
    const [moveOne, moveOther] = [side <= 0, side >= 0];
    if (moveOne) one = await ours.next();
    if (moveOther) other = await theirs.next();
  }
  return differing;
}

const order = (one: RowHash, other: RowHash) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0);

async function* rowHashes(
  client: ClientBase,
  { name, columns, key }: Table,
): AsyncGenerator<RowHash, undefined> {
  const cursor = escapeIdentifier(`rows of ${name}`);
  await client.query(
    `DECLARE ${cursor} NO SCROLL CURSOR FOR
     SELECT ${hashOf(key)}::text AS key, ${hashOf(columns)}::text AS content
       FROM public.${escapeIdentifier(name)} ORDER BY ${hashOf(key)}`,
  );
  for (;;) {
    const { rows } = await client.query<{ key: string; content: string }>(
      `FETCH ${rowsAtATime} FROM ${cursor}`,
    );
    for (const row of rows) yield { key: BigInt(row.key), content: BigInt(row.content) };
    if (rows.length < rowsAtATime) break;
  }
  await client.query(`CLOSE ${cursor}`);
}
