import type { ScheduledClass } from '@kyong/contracts';
import type * as Y from 'yjs';
import { findConflicts, readSchedule, type ScheduleConflict } from './kinds/schedule.ts';
import type { DocumentRef } from './ports.ts';

/** A week as it is taken over into classes that members can book. */
export interface PublishedSchedule {
  document: DocumentRef;
  /** The last edit in it: publishing the same one again changes nothing. */
  seq: number;
  startsOn: string;
  timeZone: string;
  classes: { classId: string; trainer: string | null; room: string | null; scheduled: ScheduledClass }[];
}

/** Where published weeks go: gym management. Takes the same week any number of times. */
export interface SchedulePublisher {
  publish(schedule: PublishedSchedule): Promise<void>;
}

export type PublishResult =
  | { outcome: 'published'; classes: number }
  | { outcome: 'week_unknown' }
  | { outcome: 'conflicts'; conflicts: ScheduleConflict[] };

/** Publishes a week that says when it begins and in which nobody and no room is in two places. */
export async function publishSchedule(
  publisher: SchedulePublisher,
  { document, doc, seq }: { document: DocumentRef; doc: Y.Doc; seq: number },
): Promise<PublishResult> {
  const schedule = readSchedule(doc);
  const { startsOn, timeZone = 'Asia/Taipei' } = schedule.week;
  if (startsOn === undefined) return { outcome: 'week_unknown' };
  const conflicts = findConflicts(schedule);
  if (conflicts.length > 0) return { outcome: 'conflicts', conflicts };
  const nameIn = (names: Map<string, { name: string }>, id: string | undefined) =>
    (id !== undefined && names.get(id)?.name) || null;
  const classes = [...schedule.classes].map(([classId, scheduled]) => ({
    classId,
    trainer: nameIn(schedule.trainers, scheduled.trainerId),
    room: nameIn(schedule.rooms, scheduled.roomId),
    scheduled,
  }));
  await publisher.publish({ document, seq, startsOn, timeZone, classes });
  return { outcome: 'published', classes: classes.length };
}
