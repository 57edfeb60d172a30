import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router, type Response } from 'express';
import { Fault } from '../../errors.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { bundlesBelow } from '../viewer-bundles.js';

const viewerPath = '/viewer';

/** Names of files that only the viewer has. */
const ownFiles =
  /^\/([\w-]+\.bundle(\.[0-9a-f]+)?\.js|\d+\.css|[0-9a-f]{16}\.(wasm|woff2)|(ort|assets|customizations|dicom-microscopy-viewer)\/[\w./-]+)$/;

/** For the OpenAPI document; viewerRoutes serves it. */
export const viewerDescription: Route = defineRoute({
  method: 'get',
  path: '/viewer/*path',
  access: 'viewer',
  summary: 'The OHIF viewer',
  reply: { content: 'text/html' },
  handle: () => undefined,
});

/**
 * OHIF as its package ships it, below /viewer: its absolute addresses are put below that, its configuration is ours, every
 * address that is no file is the application. Decoding in threads asks for COOP and COEP.
 */
export function viewerRoutes({ viewer, pageDirectory, access }: Pick<ServerParts, 'viewer' | 'pageDirectory' | 'access'>): Router {
  const router = Router();
  /** As browsers see it. */
  const shownPath = `${access.basePath}${viewerPath}`;
  router.use(viewerPath, requireRole('viewer'));
  if (!viewer.directory) {
    router.get([viewerPath, `${viewerPath}/*path`], () => {
      throw new Fault('viewer-missing', viewer.why ?? 'it was not fetched');
    });
    return router;
  }
  const { directory } = viewer;
  const index = belowViewer(readFileSync(join(directory, 'index.html'), 'utf8'), shownPath).replace(
    '</body>',
    `<script type="module" src="${access.basePath}${assessmentBarIn(pageDirectory)}"></script></body>`,
  );
  const policy = policyFor(index);
  const prepare = (response: Response): Response =>
    response.set({
      'Content-Security-Policy': policy,
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });

  router.get(`${viewerPath}/app-config.js`, (_request, response) => {
    // Its introductory tour would cover the first study; its menu still offers it.
    const tour = "if (!localStorage.getItem('shownTours')) localStorage.setItem('shownTours', '[\"basicViewerTour\"]');";
    prepare(response)
      .type('js')
      .send(`${tour}\nwindow.config = ${JSON.stringify(viewerConfig(access.basePath))};`);
  });
  // It would serve outdated files, and the service is local anyway.
  router.get(`${viewerPath}/init-service-worker.js`, (_request, response) => {
    prepare(response).type('js').send('');
  });
  router.get(`${viewerPath}/app.bundle.css`, (_request, response) => {
    prepare(response)
      .type('css')
      .send(readFileSync(join(directory, 'app.bundle.css'), 'utf8').replaceAll('url(/', `url(${shownPath}/`));
  });
  const files = express.static(directory, {
    index: false,
    etag: true,
    setHeaders: (response) => void prepare(response as Response).set('Cache-Control', 'private, max-age=86400'),
  });
  if (access.basePath !== '') router.use(viewerPath, bundlesBelow(directory, `${shownPath}/`, prepare));
  router.use(viewerPath, files);
  // Its bundles request each other at the root, although its page is below /viewer.
  router.get(ownFiles, requireRole('viewer'), files);
  router.get([viewerPath, `${viewerPath}/*path`], (_request, response) => {
    prepare(response).type('html').send(index);
  });
  return router;
}

/** Address of the strip with findings and assessments (src/web/assessment-bar), whose name holds the hash of its content. */
function assessmentBarIn(pageDirectory: string): string {
  const name = readdirSync(join(pageDirectory, 'page')).find((one) => /^assessment-bar-[\w-]+\.js$/.test(one));
  assert(name, 'the build makes page/assessment-bar-….js');
  return `/page/${name}`;
}

function belowViewer(html: string, shownPath: string): string {
  return html
    .replaceAll(/(href|src|content)="\/(?!\/)/g, `$1="${shownPath}/`)
    .replaceAll('window.PUBLIC_URL="/"', `window.PUBLIC_URL="${shownPath}/"`)
    .replace('<head>', `<head><base href="${shownPath}/">`);
}

/** The scripts that stand in the page are named by their hash; its codecs are WebAssembly, its threads come from blobs. */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval' blob: ${inline.join(' ')}`,
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' blob: data:",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'none'",
    "object-src 'none'",
  ].join('; ');
}

/** docs.ohif.org → Configuration → Data sources → DICOMweb; options that Orthanc's plugin needs. */
const viewerConfig = (basePath: string) => ({
  routerBasename: `${basePath}${viewerPath}`,
  showStudyList: true,
  extensions: [],
  modes: [],
  customizationService: {},
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: 'never' },
  defaultDataSourceName: 'orthanc',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'orthanc',
      configuration: {
        friendlyName: 'Orthanc',
        name: 'orthanc',
        qidoRoot: `${basePath}/dicom-web`,
        wadoRoot: `${basePath}/dicom-web`,
        wadoUriRoot: `${basePath}/dicom-web`,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        qidoSupportsIncludeField: false,
        supportsReject: false,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        omitQuotationForMultipartRequest: true,
        enableStudyLazyLoad: true,
        dicomUploadEnabled: false,
        bulkDataURI: { enabled: true },
      },
    },
  ],
});
