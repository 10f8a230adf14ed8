import { z } from 'zod';
import { paging } from './paging.ts';
import { filledText } from './plain-text.ts';

/** What a document is about; each kind has a schema of its own over Yjs. */
export const documentKind = z
  .enum(['course_planning', 'schedule_management', 'template_editing'])
  .meta({ id: 'DocumentKind' });
export type DocumentKind = z.infer<typeof documentKind>;

/** From most to least powerful: an owner says who may do what, an editor writes, a viewer reads. */
export const documentRole = z.enum(['owner', 'editor', 'viewer']).meta({ id: 'DocumentRole' });
export type DocumentRole = z.infer<typeof documentRole>;

const title = filledText(200);

export const createDocumentRequest = z
  .strictObject({ kind: documentKind, title })
  .meta({ id: 'CreateDocumentRequest', example: { kind: 'schedule_management', title: 'Week 12' } });
export type CreateDocumentRequest = z.infer<typeof createDocumentRequest>;

export const collaborationDocument = z
  .object({
    documentId: z.uuid(),
    kind: documentKind,
    title: z.string(),
    role: documentRole.meta({ description: 'Of the one who asks' }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso
      .datetime()
      .meta({ description: 'When an edit was last written down, or the title changed' }),
  })
  .meta({ id: 'Document' });
export type CollaborationDocument = z.infer<typeof collaborationDocument>;

export const listDocumentsQuery = z.object({ kind: documentKind.optional(), ...paging });
export const documentPage = z
  .object({ documents: z.array(collaborationDocument), nextCursor: z.string().nullable() })
  .meta({ id: 'DocumentPage' });

export const grantDocumentRoleRequest = z
  .strictObject({ role: documentRole })
  .meta({ id: 'GrantDocumentRoleRequest', example: { role: 'editor' } });
export const documentMember = z
  .object({ userId: z.string(), role: documentRole })
  .meta({ id: 'DocumentMember' });
export type DocumentMember = z.infer<typeof documentMember>;
export const documentMembers = z.object({ members: z.array(documentMember) }).meta({ id: 'DocumentMembers' });

export const changeCount = z
  .object({ added: z.int(), changed: z.int(), removed: z.int() })
  .meta({ id: 'ChangeCount' });
export type ChangeCount = z.infer<typeof changeCount>;

export const documentVersion = z
  .object({
    versionId: z.uuid(),
    name: z.string().nullable().meta({ description: 'Null for one that was kept without being asked for' }),
    seq: z.int().meta({ description: 'The last update in it' }),
    createdBy: z.string().nullable(),
    createdAt: z.iso.datetime(),
    summary: z
      .record(z.string(), changeCount)
      .meta({ description: 'What differs from the version before, by part of the document' }),
  })
  .meta({ id: 'DocumentVersion' });
export type DocumentVersion = z.infer<typeof documentVersion>;
export const historyQuery = z.object(paging);
export const documentHistory = z
  .object({ versions: z.array(documentVersion), nextCursor: z.string().nullable() })
  .meta({ id: 'DocumentHistory' });
export const keepVersionRequest = z
  .strictObject({ name: filledText(120) })
  .meta({ id: 'KeepVersionRequest', example: { name: 'As agreed with the trainers' } });
export const restoreRequest = z
  .strictObject({ versionId: z.uuid() })
  .meta({ id: 'RestoreRequest', example: { versionId: '0b2f4e0a-7d1c-4a68-9d0e-3b5a4f1c2d6e' } });
export const restored = z
  .object({
    versionId: z.uuid(),
    seq: z.int().meta({ description: 'The update that restored it' }),
  })
  .meta({ id: 'Restored' });

const commentText = filledText(4_000);
/** A Yjs relative position (`Y.encodeRelativePosition`) in base64: it stays with its place while others edit around it. */
const anchor = z.base64().min(4).max(1_000).meta({
  description: 'A relative position of Yjs (`Y.encodeRelativePosition`) in base64; anything else is a 400',
});
export const addCommentRequest = z
  .strictObject({ text: commentText, anchor: anchor.optional() })
  .meta({ id: 'AddCommentRequest', example: { text: 'Could this begin at seven?' } });
export const changeCommentRequest = z
  .strictObject({ text: commentText.optional(), resolved: z.boolean().optional() })
  .refine((change) => Object.keys(change).length > 0, 'text, resolved or both')
  .meta({ id: 'ChangeCommentRequest', minProperties: 1, example: { resolved: true } });
export const documentComment = z
  .object({
    commentId: z.uuid(),
    author: z.string(),
    text: z.string(),
    anchor: z.string().nullable(),
    resolved: z.boolean(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'DocumentComment' });
export type DocumentComment = z.infer<typeof documentComment>;
export const commentsQuery = z.object(paging);
export const documentComments = z
  .object({ comments: z.array(documentComment), nextCursor: z.string().nullable() })
  .meta({ id: 'DocumentComments' });

export const documentUsage = z
  .object({
    documents: z.int(),
    documentsLimit: z.int(),
    databaseBytes: z.int(),
    databaseBytesLimit: z.int(),
    nearlyFull: z
      .boolean()
      .meta({ description: 'Beyond a limit nothing new is kept; what is there can be edited' }),
  })
  .meta({ id: 'DocumentUsage' });
