export * from './inspect.ts';
export * from './inspection.ts';
