import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * Nothing is run while the image is built, only copied: any machine builds it for ARM64, without emulation. The program is
 * process 1 through ECS's init process, which passes signals on.
 */
const dockerfile = `FROM public.ecr.aws/docker/library/node:24-slim
WORKDIR /app
COPY --chown=0:0 . .
ENV NODE_ENV=production
USER node
CMD ["node", "--enable-source-maps", "main.mjs"]
`;

/** Folders with what is deployed. */
export interface Code {
  /** The control plane's functions, together. */
  functions: string;
  /** What the images of the services are built from, by service. */
  services: Record<string, string>;
}

/** Bundles everything that is deployed into `directory`. */
export async function buildCode(serviceNames: readonly string[], directory: string): Promise<Code> {
  const output = { functions: join(directory, 'functions') };
  const services = Object.fromEntries(serviceNames.map((name) => [name, join(directory, name)]));
  await Promise.all([
    bundle(functions, output.functions),
    ...Object.entries(services).map(async ([name, target]) => {
      await bundle({ main: `apps/${name}/src/main.ts` }, target);
      writeFileSync(join(target, 'Dockerfile'), dockerfile);
    }),
  ]);
  return { ...output, services };
}

export { root };
