import { fileURLToPath } from 'node:url';

/** Where the page under test is built to: its own folder, so that a dashboard that is being served stays as it is. */
export const distFolder = fileURLToPath(new URL('../../node_modules/.cache/quotron/browser-tests', import.meta.url));
