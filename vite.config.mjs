// The page: src/web → dist/web. Everything is bundled; the browser loads nothing from elsewhere.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/web',
  base: '/',
  logLevel: 'warn',
  plugins: [react()],
  build: { outDir: '../../dist/web', assetsDir: 'page', emptyOutDir: true, target: 'es2022', reportCompressedSize: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
