import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router, type Response } from 'express';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports.js';

/** Addresses of views: all of them get the same document, which shows the view. */
const views = [
  '/',
  '/worklist',
  '/study/:study',
  '/analyze',
  '/operations',
  '/discordances',
  '/administration',
  '/rules',
  '/audit',
  '/research',
  '/models',
  '/models/:version',
  '/password',
  '/help',
  '/help/:guide',
  '/api/docs',
];

/** The page for people: files that the build has made, and one document for every view. */
export function pageRoutes({ pageDirectory, access }: Pick<ServerParts, 'pageDirectory' | 'access'>): Router {
  const router = Router();
  let index: string | undefined;
  // Their names hold the hash of their content.
  router.use(
    '/page',
    requireRole('viewer'),
    express.static(join(pageDirectory, 'page'), {
      immutable: true,
      maxAge: '1y',
      index: false,
      setHeaders: (response) => void (response as Response).set('Cache-Control', 'private, max-age=31536000, immutable'),
    }),
  );
  router.get(views, requireRole('viewer'), (_request, response) => {
    // The build names its files from where the document lies; a view has a deeper address than the document.
    index ??= readFileSync(join(pageDirectory, 'index.html'), 'utf8').replace(/((?:src|href)=")\.\//g, `$1${access.basePath}/`);
    response.type('html').send(index);
  });
  return router;
}
