/** The console: built into dist/web, served by the node itself. */
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Relative to the <base> that the node writes into the page: it may be served under a path.
  base: './',
  plugins: [react()],
  build: {
    outDir: path.resolve(import.meta.dirname, '../../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Nothing inline: the page's policy allows only what is served as files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
