import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const root = join(import.meta.dirname, '..');

/** Places of a page, and the scripts that print what comes there. */
const printed = new Map([
  ['<!--reference-->', 'print.ts'],
  ['<!--events-->', 'print-events.ts'],
]);

/** The pages of the API and of the events, rendered from their documents as they are now. */
function reference(): Plugin {
  return {
    name: 'quotron-reference',
    transformIndexHtml: {
      order: 'pre',
      handler(html) {
        const [place, script] = [...printed].find(([mark]) => html.includes(mark)) ?? [];
        if (place === undefined || script === undefined) return html;
        const node = join(root, 'node_modules', '.bin', 'node');
        const page = execFileSync(node, [join(root, 'web', 'reference', script)], {
          encoding: 'utf8',
          maxBuffer: 16 * 1024 * 1024,
        });
        return html.replace(place, () => page);
      },
    },
  };
}

/** The dashboard and the page of the API: static files for `script-src 'self'; style-src 'self'`, so nothing is inlined. */
export default defineConfig(({ command }) => {
  // What is built is what is shipped, whatever the builder's environment: under vitest NODE_ENV is `test`.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  return {
    plugins: [react(), reference()],
    build: {
      outDir: 'dist',
      emptyOutDir: true,
      // The oldest browsers with light-dark() and popovers; older targets would have light-dark() rewritten.
      target: ['chrome125', 'firefox128', 'safari17.5'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: [
          join(import.meta.dirname, 'index.html'),
          join(import.meta.dirname, 'docs', 'index.html'),
          join(import.meta.dirname, 'docs', 'events', 'index.html'),
          join(import.meta.dirname, 'status', 'index.html'),
        ],
      },
    },
  };
});
