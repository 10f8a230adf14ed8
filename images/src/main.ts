// npm run images [-- SERVICE…] [--json]: builds the services' images on this machine; with --list only says which there are.
import { parseArgs } from 'node:util';
import { buildImages, services } from './build.ts';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, list: { type: 'boolean' } },
  });
  if (values.list) print(services, (service) => service);
  else {
    const images = await buildImages(positionals.length > 0 ? positionals : services, (line) =>
      process.stderr.write(`• ${line}\n`),
    );
    print(images, ({ tag, megabytes, seconds }) => `${tag}  ${megabytes} MB  ${seconds} s`);
  }

  function print<T>(items: T[], line: (item: T) => string): void {
    process.stdout.write(
      values.json ? `${JSON.stringify(items)}\n` : items.map((item) => `${line(item)}\n`).join(''),
    );
  }
} catch (error) {
  process.stderr.write(`✗ ${(error as Error).message}\n`);
  process.exitCode = 1;
}
