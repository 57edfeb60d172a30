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
    rollupOptions: { input: { index: source('index.html'), 'assessment-bar': source('assessment-bar/main.ts') } },
  },
});
