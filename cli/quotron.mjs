#!/usr/bin/env node
/** What `npx quotron` runs, on any Node from 20: it starts the command on the Node version that the project pins. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The project's Node is started in the checkout: files that a command writes belong where the person is.
process.env.QUOTRON_FOLDER ??= process.cwd();
process.argv.splice(2, 0, join(dirname(fileURLToPath(import.meta.url)), 'quotron.ts'));
await import('../localstack/run.mjs');
