import { bundle, root } from './bundle.ts';

/** Programs of the control plane, by the name of their function's handler file. */
const functions = {
  handler: 'lambda/tenant-provisioning/src/handler.ts',
  authorizer: 'lambda/tenant-provisioning/src/authorizer.ts',
  advance: 'lambda/tenant-provisioning/src/advance.ts',
  'instance-event': 'lambda/tenant-provisioning/src/instance-event.ts',
  sweep: 'lambda/tenant-provisioning/src/sweep.ts',
  prepare: 'lambda/tenant-provisioning/src/prepare.ts',
};
export type FunctionName = keyof typeof functions;

/** Bundles the control plane's functions into `directory`, all together; answers with the folder. */
export async function buildFunctions(directory: string): Promise<string> {
  await bundle(functions, directory);
  return directory;
}

export { root };
