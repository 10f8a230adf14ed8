import {
  type ScheduledClass,
  scheduledClass,
  scheduleRoom,
  scheduleTrainer,
  weekSettings,
} from '@kyong/contracts';
import type * as Y from 'yjs';

export interface Schedule {
  week: {
    startsOn?: string | undefined;
    timeZone?: string | undefined;
    capacityDefault?: number | undefined;
  };
  classes: Map<string, ScheduledClass>;
  trainers: Map<string, { name: string }>;
  rooms: Map<string, { name: string; capacity?: number | undefined }>;
}

/** Reads a `schedule_management` document. What the server let in keeps its schema, so nothing here is refused. */
export function readSchedule(doc: Y.Doc): Schedule {
  return {
    week: weekSettings.parse(doc.getMap('schedule.week').toJSON()),
    classes: records(doc, 'schedule.classes', scheduledClass),
    trainers: records(doc, 'schedule.trainers', scheduleTrainer),
    rooms: records(doc, 'schedule.rooms', scheduleRoom),
  };
}

function records<T>(doc: Y.Doc, name: string, schema: { parse: (value: unknown) => T }): Map<string, T> {
  const values = Object.entries(doc.getMap(name).toJSON());
  return new Map(values.map(([id, value]) => [id, schema.parse(value)]));
}

/**
 * What two people who edited at once may have made of a week, each rightly: it is shown and settled by people, and kept
 * from being published, but never refused, because no single edit is at fault.
 */
export type ScheduleConflict =
  | { kind: 'trainer_twice' | 'room_twice'; classIds: [string, string] }
  | { kind: 'unknown_trainer' | 'unknown_room' | 'over_capacity'; classIds: [string] };

/** Every conflict of a week, in the order of its classes' ids. */
export function findConflicts({ classes, trainers, rooms }: Schedule): ScheduleConflict[] {
  const conflicts: ScheduleConflict[] = [];
  const ordered = [...classes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, [id, one]] of ordered.entries()) {
    if (one.trainerId !== undefined && !trainers.has(one.trainerId))
      conflicts.push({ kind: 'unknown_trainer', classIds: [id] });
    const room = one.roomId === undefined ? undefined : rooms.get(one.roomId);
    if (one.roomId !== undefined && !room) conflicts.push({ kind: 'unknown_room', classIds: [id] });
    if (room?.capacity !== undefined && one.capacity !== undefined && one.capacity > room.capacity)
      conflicts.push({ kind: 'over_capacity', classIds: [id] });
    for (const [otherId, other] of ordered.slice(index + 1)) {
      if (!overlap(one, other)) continue;
      if (one.trainerId !== undefined && one.trainerId === other.trainerId)
        conflicts.push({ kind: 'trainer_twice', classIds: [id, otherId] });
      if (one.roomId !== undefined && one.roomId === other.roomId)
        conflicts.push({ kind: 'room_twice', classIds: [id, otherId] });
    }
  }
  return conflicts;
}

const minutesOfDay = 24 * 60;
const minutesOfWeek = 7 * minutesOfDay;

/** Whether two classes share a minute; one that goes past Sunday midnight meets Monday's. */
function overlap(a: ScheduledClass, b: ScheduledClass): boolean {
  const later = (startOf(b) - startOf(a) + minutesOfWeek) % minutesOfWeek;
  return later < a.minutes || minutesOfWeek - later < b.minutes;
}

function startOf({ day, start }: ScheduledClass): number {
  const [hours = 0, minutes = 0] = start.split(':').map(Number);
  return day * minutesOfDay + hours * 60 + minutes;
}
