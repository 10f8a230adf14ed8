import { cpSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

export const root = join(import.meta.dirname, '..', '..', '..');

/** Files that code reads at run time, beside the module that reads them or in its package's `migrations`. */
const readAtRunTime = '{src,migrations}/**/*.{sql,lua}';

/**
 * Bundles programs for Node 24, each as `<name>.mjs` with what they share beside them. In the bundle every module believes it
 * is where it is in the repository, and the files it reads lie there too.
 * @param entries source files, relative to the repository, by name
 */
export async function bundle(entries: Record<string, string>, outputDirectory: string): Promise<void> {
  rmSync(outputDirectory, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: outputDirectory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'error',
    // Optional: pg looks for it and does without.
    external: ['pg-native'],
    // Packages of the older module system ask for `require`, which ECMAScript modules do not have.
    banner: { js: "import{createRequire as __r}from'node:module';const require=__r(import.meta.url);" },
    plugins: [keepDirectories],
  });
  for (const file of filesReadAtRunTime(metafile)) {
    const target = join(outputDirectory, file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, file), target);
  }
}

/** `import.meta.dirname` of a bundle would be that of the bundle. */
const keepDirectories: Plugin = {
  name: 'keep-directories',
  setup({ onLoad }) {
    onLoad({ filter: /\/(packages|apps|lambda)\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const directory = JSON.stringify(`/${relative(root, dirname(path))}`);
      return {
        loader: 'ts',
        contents: source.replaceAll('import.meta.dirname', `(import.meta.dirname + ${directory})`),
      };
    });
  },
};

function filesReadAtRunTime({ inputs }: Metafile): string[] {
  const packages = Object.keys(inputs).flatMap((file) => /^(?:packages|apps|lambda)\/[^/]+/.exec(file) ?? []);
  return globSync(
    [...new Set(packages)].map((directory) => `${directory}/${readAtRunTime}`),
    { cwd: root },
  );
}
