// The page, and what stands beside OHIF: src/web → dist/web. Everything is bundled; the browser loads nothing from elsewhere.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const source = (path) => fileURLToPath(new URL(`src/web/${path}`, import.meta.url));

export default defineConfig({
  root: 'src/web',
  base: '/',
  logLevel: 'warn',
  plugins: [react()],
  build: {
    outDir: '../../dist/web',
    assetsDir: 'page',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: source('index.html'), 'assessment-bar': source('assessment-bar/main.ts') },
      // Small components that several views share are one file, in place of a dozen of a few hundred bytes.
      output: {
        codeSplitting: {
          groups: [
            { name: 'components', test: /node_modules\/@mantine\//, minShareCount: 3 },
            { name: 'plots', test: /node_modules\/uplot\// },
          ],
        },
      },
    },
  },
});
