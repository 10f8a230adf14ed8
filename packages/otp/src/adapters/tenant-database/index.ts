export * from './log.ts';
export * from './log-search.ts';
export * from './retention.ts';
export * from './sms-count.ts';
export * from './templates.ts';
export * from './wording.ts';
