// The page, and what stands beside OHIF: src/web → dist/web. Everything is bundled; the browser loads nothing from elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import dcmjs from 'dcmjs';
import { defineConfig } from 'vite';

const source = (path) => fileURLToPath(new URL(`src/web/${path}`, import.meta.url));

/** Of the DICOM dictionary those keywords that cornerstone3D names somewhere, by keyword. */
function keywordsOfLibrary() {
  const folder = fileURLToPath(new URL('node_modules/@cornerstonejs/metadata/dist/esm', import.meta.url));
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const named = new Set(texts.flatMap((text) => text.match(/\b[A-Z]\w+/g) ?? []));
  return Object.fromEntries(Object.entries(dcmjs.data.DicomMetaDictionary.nameMap).filter(([keyword]) => named.has(keyword)));
}

/** cornerstone3D imports readers of meshes and of DICOM files, which nothing here uses: 2.5 MB, with modules of Node. */
const withoutReaders = {
  name: 'without-readers',
  enforce: 'pre',
  resolveId(id) {
    if (id.startsWith('@kitware/vtk.js/IO/')) return '\0reader';
    if (id === 'virtual:dicom-keywords') return '\0keywords';
    return id === 'dcmjs' ? source('image/dcmjs-substitute.ts') : undefined;
  },
  load(id) {
    if (id === '\0reader') return 'export default {}';
    return id === '\0keywords' ? `export default ${JSON.stringify(keywordsOfLibrary())}` : undefined;
  },
};

export default defineConfig({
  root: 'src/web',
  // Relative: the same files serve a service at the root of a host and below a path (src/server/routes/page.ts).
  base: './',
  logLevel: 'warn',
  plugins: [react(), withoutReaders],
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
