import { pipeline } from 'node:stream';
import type { RequestHandler } from 'express';
import { Fault } from '../../errors.js';
import { isQueryName, pacsAddress, type PacsAddress } from '../../http/pacs-address.js';
import { refuseHidden, withoutHidden } from '../hide-series.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { assessmentViewer } from './assessments.js';
import { searchSubject, viewerQuery } from '../search-record.js';
import { startedPorts } from '../started-ports.js';

/**
 * Also what PS3.5 §9.1 does not allow and PACS hold (see isUsableUid), but for empty components. It begins with a digit, so ".." is no UID but
 * a way out.
 */
const uid = String.raw`(?=[^/]{1,128}(?:/|$))[0-9][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]+)*`;
const level = (name: string): string => `/${name}/${uid}`;
const rendered = '(/rendered|/thumbnail)?';
/** Every address of QIDO-RS and WADO-RS (PS3.18 §10.4, §10.6) that a viewer needs, and nothing else that Orthanc serves. */
const allowed = [
  '/studies',
  '/series',
  '/instances',
  `${level('studies')}/(series|instances)`,
  `${level('studies')}${level('series')}/instances`,
  `${level('studies')}(/metadata)?`,
  `${level('studies')}${level('series')}(/metadata)?`,
  `${level('studies')}${level('series')}${level('instances')}(/metadata)?`,
  `(${level('studies')}|${level('studies')}${level('series')}|${level('studies')}${level('series')}${level('instances')})${rendered}`,
  `${level('studies')}${level('series')}${level('instances')}/frames/[0-9,]{1,2000}(/rendered)?`,
  `${level('studies')}${level('series')}${level('instances')}/bulk(/[0-9a-fA-F]{1,8}){1,20}`,
].map((pattern) => new RegExp(`^${pattern}$`));

/** Whether a viewer may request this from the PACS; `path` as it came, still encoded. */
export function isViewerPath(path: string): boolean {
  return allowed.some((pattern) => pattern.test(path));
}

/**
 * The address at the PACS for the request of a viewer. Of its query only names of attributes and of parameters of DICOMweb are passed on
 * (PS3.18 §8.3.4): Orthanc takes `_method=DELETE` in a query for the method of the request.
 *
 * @param path one that isViewerPath allows
 */
export function viewerAddress(path: string, query: URLSearchParams): PacsAddress {
  return pacsAddress(
    path.slice(1).split('/'),
    Object.fromEntries([...new Set(query.keys())].filter(isQueryName).map((name) => [name, query.getAll(name)])),
  );
}

/**
 * DICOMweb for viewers: reading only, for users who may see images, with credentials that the browser never has. The request to the PACS is made
 * of checked parts: nothing from outside can name another address of Orthanc.
 */
export function dicomWebRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/dicom-web/*path',
      access: 'viewer',
      summary: 'QIDO-RS and WADO-RS of the PACS, reading only',
      reply: { content: 'application/dicom+json' },
      async handle({ request, response, actor }) {
        const at = request.originalUrl.indexOf('?');
        const path = (at < 0 ? request.originalUrl : request.originalUrl.slice(0, at)).slice('/dicom-web'.length);
        if (!isViewerPath(path)) throw new Fault('request-refused', 'expected a path of QIDO-RS or WADO-RS, found another');
        const [, study] = /^\/studies\/([^/]+)/.exec(path) ?? [];
        const query = viewerQuery(at < 0 ? '' : request.originalUrl.slice(at + 1));
        // Each search by itself: if a whole archive is listed page by page, every page is on record.
        if (study === undefined)
          await parts.audit.recordIfPossible({
            ...actor,
            action: 'pacs.search',
            subject: await searchSubject(path.slice(1), query, parts.audit.fingerprint),
          });
        else await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        const gone = new AbortController();
        response.on('close', () => gone.abort());
        const { assessments, proxyDicomWeb } = startedPorts(parts);
        const viewer = assessmentViewer(response);
        const hiddenOf = (one: string): Promise<ReadonlySet<string>> => assessments.hiddenSeries(one, viewer);
        await refuseHidden(path, hiddenOf);
        const received = await proxyDicomWeb(
          viewerAddress(path, query),
          request.get('Accept'),
          { host: `${request.get('Host') ?? ''}${parts.access.basePath}`, protocol: request.protocol },
          gone.signal,
        );
        if (received.status >= 400) {
          received.body.destroy();
          throw received.status === 404
            ? new Fault('pacs-not-found', 'HTTP 404')
            : new Fault(received.status === 401 || received.status === 403 ? 'pacs-unauthorized' : 'pacs-error', `HTTP ${received.status}`);
        }
        const proxied = await withoutHidden(path, received, hiddenOf);
        response.status(proxied.status).set({ ...proxied.headers, 'Cross-Origin-Resource-Policy': 'same-origin' });
        // Half a reply cannot be taken back: the connection is cut, which the viewer notices.
        await new Promise<void>((resolve) => pipeline(proxied.body, response, () => resolve()));
      },
    }),
  ];
}

/** Every other request below /dicom-web. */
export const refuseDicomWebChanges: RequestHandler = ({ method }, _response, next) => {
  if (method !== 'GET' && method !== 'HEAD') throw new Fault('request-refused', 'expected GET: the viewer cannot change the PACS');
  next();
};
