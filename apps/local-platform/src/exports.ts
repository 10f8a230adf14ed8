import { createReadStream, statSync } from 'node:fs';
import { createHttpApp, type Logger, Problem } from '@kyong/service-kit';
import type { LocalArchives } from '@kyong/tenancy/adapters/local-archives';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** Where links to exports lead on the laptop; on AWS they lead to S3. */
export const exportsPath = '/dev/exports/';

const link = z.object({ expires: z.string().regex(/^\d{1,12}$/), signature: z.string().max(100) });

/** Serves exports to whoever has a link that is still good. */
export function createExports(archives: LocalArchives, logger: Logger): FastifyInstance {
  const app = createHttpApp({ logger: logger.child({}, { level: 'warn' }), checks: {} });
  app.get<{ Params: { '*': string } }>(`${exportsPath}*`, async (request, reply) => {
    const query = link.safeParse(request.query);
    const file = query.success ? await archives.open(request.params['*'], query.data) : undefined;
    if (file === undefined) throw new Problem('not_found');
    return reply
      .type('application/x-tar')
      .header('content-length', statSync(file).size)
      .header('cache-control', 'no-store')
      .send(createReadStream(file));
  });
  return app;
}
