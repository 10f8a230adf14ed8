// Import directions: what may know what. Broken ones fail `npm run verify`.
// A domain package knows no HTTP, no AWS and no SQL driver; adapters know one technology; apps compose.

const domains = 'tenancy|otp|identity|collaboration|gym|notifications|analytics';
const tests = '(\\.test\\.ts$|/test/)';
const npm = 'node_modules';
const nodeOnly = '^node:';
/** What a shared document is: a data structure, no driver. */
const documentLibraries = `${npm}/(yjs|lib0|y-protocols)/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'contracts-know-only-their-schema-library',
      severity: 'error',
      from: { path: '^packages/contracts/src', pathNot: tests },
      to: { pathNot: ['^packages/contracts/src', `${npm}/zod/`] },
    },
    {
      name: 'domains-know-contracts-and-the-standard-library',
      comment: 'A driver, a framework or an SDK belongs in an adapter.',
      severity: 'error',
      from: { path: `^packages/(${domains})/src`, pathNot: ['/adapters/', tests] },
      to: {
        path: '.*',
        pathNot: ['^packages/$1/src/(?!adapters/)', '^packages/contracts/', nodeOnly, documentLibraries],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'only-collaboration-knows-yjs',
      severity: 'error',
      from: { path: `^packages/(${domains})/src`, pathNot: ['^packages/collaboration/', tests] },
      to: { path: documentLibraries },
    },
    {
      name: 'the-collaboration-client-runs-in-browsers',
      severity: 'error',
      from: { path: '^packages/collaboration/(client|src/kinds)/', pathNot: tests },
      to: { path: [nodeOnly, '^packages/(?!contracts/|collaboration/(client|src/kinds)/)'] },
    },
    {
      name: 'adapters-know-their-own-domain',
      severity: 'error',
      from: { path: `^packages/(${domains})/src/adapters/`, pathNot: tests },
      to: { path: `^packages/(${domains})/`, pathNot: '^packages/$1/' },
    },
    {
      name: 'packages-know-no-apps',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|lambda|infrastructure)/' },
    },
    {
      name: 'apps-know-no-apps',
      comment: 'Only the laptop composes the others.',
      severity: 'error',
      from: { path: '^(apps|lambda)/([^/]+)/', pathNot: ['^apps/local-platform/'] },
      to: { path: '^(apps|lambda)/([^/]+)/', pathNot: '^$1/$2/' },
    },
    {
      name: 'the-dashboard-and-the-cli-know-contracts-only',
      severity: 'error',
      comment: "But for the dashboard's way into shared documents.",
      from: { path: '^apps/(kyo-dashboard|kyo-cli)/', pathNot: tests },
      to: { path: '^packages/', pathNot: '^packages/(contracts|collaboration/(client|src/kinds))/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'only-what-package-json-names',
      severity: 'error',
      from: { path: '^(packages|apps|lambda)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: npm },
    exclude: { path: '(^|/)(dist|cdk\\.out)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
