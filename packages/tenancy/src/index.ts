export * from './advance.ts';
export * from './operation.ts';
export * from './plan.ts';
export * from './ports.ts';
export * from './request-operation.ts';
export * from './request-provision.ts';
export * from './tenant.ts';
export * from './tenant-directory.ts';
