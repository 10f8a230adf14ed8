// npm run images [-- SERVICE…] [--json]: builds the services' images on this machine.
import { parseArgs } from 'node:util';
import { buildImages, services } from './build.ts';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  });
  const images = await buildImages(positionals.length > 0 ? positionals : services, (line) =>
    process.stderr.write(`• ${line}\n`),
  );
  process.stdout.write(
    values.json
      ? `${JSON.stringify(images)}\n`
      : images.map(({ tag, megabytes, seconds }) => `${tag}  ${megabytes} MB  ${seconds} s\n`).join(''),
  );
} catch (error) {
  process.stderr.write(`✗ ${(error as Error).message}\n`);
  process.exitCode = 1;
}
