import { z } from 'zod';
import type { DocumentKind } from './collaboration.ts';

// What stands in documents: each part is a root type of the Yjs document, by its name. Parts of other names are free.

const id = z.string().min(1).max(64);
const name = z.string().min(1).max(200);
const text = z.string().max(4_000);

export const weekSettings = z
  .strictObject({
    startsOn: z.iso.date(),
    timeZone: z.string().max(64),
    capacityDefault: z.int().min(1).max(1_000),
  })
  .partial();

export const scheduledClass = z.strictObject({
  title: name,
  day: z.int().min(0).max(6).meta({ description: 'From Monday, 0, to Sunday, 6' }),
  start: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 18:30'),
  minutes: z.int().min(5).max(720),
  trainerId: id.optional(),
  roomId: id.optional(),
  capacity: z.int().min(1).max(1_000).optional(),
  note: text.optional(),
});
export type ScheduledClass = z.infer<typeof scheduledClass>;

export const scheduleTrainer = z.strictObject({ name });
export const scheduleRoom = z.strictObject({ name, capacity: z.int().min(1).max(1_000).optional() });

export const courseOutline = z
  .strictObject({ title: name, goal: text, level: z.enum(['beginner', 'intermediate', 'advanced']) })
  .partial();
export const courseSession = z.strictObject({
  title: name,
  minutes: z.int().min(5).max(720),
  goal: text.optional(),
  exercises: z.array(name).max(100).optional(),
});

export const templateSettings = z
  .strictObject({ name, channel: z.enum(['sms', 'email', 'line', 'push']), subject: name })
  .partial();

/**
 * A root type: `fields` is a Y.Map of fields, `records` a Y.Map of such maps (or plain objects) by id, `list` a Y.Array of
 * them, `text` a Y.Text.
 */
export type DocumentPart =
  | { type: 'fields' | 'records' | 'list'; schema: z.ZodType }
  | { type: 'text'; maxLength: number };

const maxTextLength = 200_000;

export const documentParts: Record<DocumentKind, Record<string, DocumentPart>> = {
  schedule_management: {
    'schedule.week': { type: 'fields', schema: weekSettings },
    'schedule.classes': { type: 'records', schema: scheduledClass },
    'schedule.trainers': { type: 'records', schema: scheduleTrainer },
    'schedule.rooms': { type: 'records', schema: scheduleRoom },
  },
  course_planning: {
    'course.outline': { type: 'fields', schema: courseOutline },
    'course.sessions': { type: 'list', schema: courseSession },
    'course.notes': { type: 'text', maxLength: maxTextLength },
  },
  template_editing: {
    'template.settings': { type: 'fields', schema: templateSettings },
    'template.zh-TW': { type: 'text', maxLength: maxTextLength },
    'template.en': { type: 'text', maxLength: maxTextLength },
  },
};
