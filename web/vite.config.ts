import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The dashboard: static files for `script-src 'self'; style-src 'self'`, so nothing is inlined. */
export default defineConfig(({ command }) => {
  // What is built is what is shipped, whatever the builder's environment: under vitest NODE_ENV is `test`.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  return {
    plugins: [react()],
    build: {
      outDir: 'dist',
      emptyOutDir: true,
      // The oldest browsers with light-dark() and popovers; older targets would have light-dark() rewritten.
      target: ['chrome125', 'firefox128', 'safari17.5'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
});
