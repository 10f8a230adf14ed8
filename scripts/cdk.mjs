#!/usr/bin/env node
// `npx aws-cdk …` in this repository: the pinned CDK command line on the pinned Node, set up first where it is not yet.
// npx takes a bin of the package at hand before any registry's. A bootstrap is a stage's own (ADR 32), which CDK's does not know.
if (process.argv[2] !== 'bootstrap') process.argv.splice(2, 0, 'cdk');
await import('./run.mjs');
