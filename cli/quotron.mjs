#!/usr/bin/env node
/** What `npx quotron` runs on whatever Node there is: goes on with the Node that the project pins. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.argv.splice(2, 0, join(dirname(fileURLToPath(import.meta.url)), 'quotron.ts'));
await import('../localstack/run.mjs');
