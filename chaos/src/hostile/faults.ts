import type { Fault } from '../fault.ts';
import { Callers } from './callers.ts';
import { during, kinds, p99, type Stretch } from './deeds.ts';
import { Duel } from './duel.ts';
import { HonestGym } from './honest-gym.ts';
import { Hostile } from './hostile.ts';
import { hostileParts } from './parts/index.ts';
import { Town } from './town.ts';

/** What an honest gym may notice of others. */
const mostRatio = 1.5;
/** The whole platform in one process, its threads for large documents and history among it, may hold so much more than before. */
const maxGrowthMebibytes = 700;

/** Times in ms. A part beside which the gym was slower is measured again, while there is time: it may have been the machine. */
const scales = {
  short: { people: 40, edits: 15_000, alone: 100, beside: 700, rounds: 1, again: 0, repeatUntil: 0 },
  full: {
    people: 260,
    edits: 100_000,
    alone: 2_500,
    beside: 2_500,
    rounds: 2,
    again: 4,
    repeatUntil: 320_000,
  },
};

/** A hostile gym and a hostile stranger use everything we know of, one after the other and all at once, beside an honest gym. */
const hostileNeighbours: Fault = {
  name: 'hostile neighbours',
  run: async (stage) => {
    const scale = scales[stage.scale];
    const isFull = stage.scale === 'full';
    const startedAt = performance.now();
    await using town = await Town.start(stage);
    await using honest = await HonestGym.open(town, scale.people);
    await using hostile = await enter(town, honest, scale.edits);
    const before = await town.memory();
    let most = before;
    const answered: Record<string, number> = {};
    honest.work();
    if (isFull) await honest.untilKnown();

    const duels: Duel[] = [];
    const fight = async (name: string, parts: string[], factor = 1) => {
      const duel = new Duel({ name, parts }, honest);
      duels.push(duel);
      for (let round = 0; round < Math.max(scale.rounds, scale.again); round++) {
        const isLate = performance.now() - startedAt > scale.repeatUntil;
        if (round >= scale.rounds && (isLate || duel.ratio <= mostRatio)) break;
        const times = { alone: scale.alone * factor, beside: scale.beside * factor };
        const { answers, mebibytes } = await duel.round({ hostile, town, random: stage.random }, times);
        most = Math.max(most, mebibytes);
        for (const [status, count] of Object.entries(answers))
          answered[status] = (answered[status] ?? 0) + count;
      }
    };
    const all = hostileParts.map(({ name }) => name);
    for (const name of all) await fight(name, [name]);
    await honest.untilKnown();
    await fight('all of them', all, isFull ? 2 : 5);
    await honest.close();

    const p99Of = (stretches: (duel: Duel) => Stretch[], of = honest.deeds) =>
      p99(during(of, duels.flatMap(stretches)));
    const [alone, beside] = [p99Of((duel) => duel.alone), p99Of((duel) => duel.beside)];
    const failures = honest.deeds.flatMap(({ failure }) => failure ?? []);
    const { signIns, failedSignIns } = honest;
    const growth = most - before;
    const isSlow = isFull && (beside / alone > mostRatio || (duels.at(-1)?.ratio ?? 0) > mostRatio);
    return {
      injected: `${all.length} attacks on one platform, one by one and all at once; the hostile were answered ${told(answered)}`,
      counts: {
        'sign-ins': signIns,
        '% of them successful': rounded(100 - (100 * failedSignIns) / signIns),
        'other deeds of the honest gym': honest.deeds.length - signIns,
        'of all not done': failures.length,
        'ms p99 without the hostile': rounded(alone),
        'ms p99 beside them': rounded(beside),
        ratio: rounded(beside / alone),
        'MiB before': before,
        'MiB grown at most': growth,
        'platform ended': town.isRunning ? 0 : 1,
      },
      held:
        failures.length + failedSignIns === 0 &&
        signIns > 0 &&
        town.isRunning &&
        growth <= maxGrowthMebibytes &&
        !isSlow,
      details: [
        ...(isFull
          ? duels.map(
              ({ ratio, part, alone }) =>
                `${ratio.toFixed(2)} × in ${alone.length} rounds beside ${part.name}`,
            )
          : []),
        ...kinds.map((kind) => {
          const of = honest.deeds.filter((deed) => deed.kind === kind);
          return `${kind}: ${rounded(p99Of((duel) => duel.alone, of))} → ${rounded(p99Of((duel) => duel.beside, of))} ms (p99)`;
        }),
        ...new Set(failures),
      ],
    };
  },
};

export const hostileFaults: Fault[] = [hostileNeighbours];

/** The hostile sign up as anybody does, and make a document that is as dear as they get. */
async function enter(town: Town, honest: HonestGym, edits: number): Promise<Hostile> {
  await using callers = new Callers(town.port, '127.66');
  const owner = { to: 'owner@hostile.example', caller: callers.at(0) };
  const gym = await town.openGym('hostile-gym', owner);
  const largeDocumentId = await town.createDocument(owner, gym.token);
  await town.fill(gym, largeDocumentId, edits);
  const { addresses, phone, homes } = honest;
  return Hostile.start({
    port: town.port,
    victim: { tenantId: honest.gym.tenantId, addresses, phone, homes },
    gym: { ...gym, largeDocumentId },
  });
}

const rounded = (value: number) => Math.round(value * 100) / 100;

function told(answered: Record<string, number>): string {
  return Object.entries(answered)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}
