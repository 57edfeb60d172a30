import { Readable } from 'node:stream';
import { Fault } from '../errors.js';
import type { ProxiedResponse } from '../dicomweb/proxy.js';

/** A list that a viewer asks for: metadata of an SR series have a few kilobytes, of a large CT some tens of megabytes. */
const maxListBytes = 512 * 2 ** 20;

/** Series Instance UIDs that a viewer must not see of a study. */
export type HiddenSeriesOf = (studyInstanceUID: string) => Promise<ReadonlySet<string>>;

/**
 * Refuses what would show a hidden series of the study in the path.
 *
 * @param path of QIDO-RS or WADO-RS below the root of DICOMweb
 * @throws Fault `pacs-not-found` for a hidden series, `request-refused` for a whole study that contains one
 */
export async function refuseHidden(path: string, hiddenOf: HiddenSeriesOf): Promise<void> {
  const [, study, series] = /^\/studies\/([^/]+)(?:\/series\/([^/]+))?/.exec(path) ?? [];
  // A document has no frames: whoever scrolls through a CT must not wait for the index at each slice.
  if (study === undefined || path.includes('/frames/')) return;
  const hidden = await hiddenOf(study);
  if (series !== undefined && hidden.has(series)) throw new Fault('pacs-not-found', 'HTTP 404');
  if (hidden.size > 0 && /^\/studies\/[^/]+$/.test(path))
    throw new Fault(
      'request-refused',
      'expected a request for one series: the study contains assessments of other readers, which are hidden until you have assessed it',
    );
}

/** The reply without the hidden series: lists of series and instances, and metadata, in JSON; others are left as they are. */
export async function withoutHidden(path: string, proxied: ProxiedResponse, hiddenOf: HiddenSeriesOf): Promise<ProxiedResponse> {
  if (!/^\/(series|instances)$|^\/studies\/[^/]+\/(series|instances|metadata)$/.test(path)) return proxied;
  if (proxied.status !== 200) return proxied;
  if (!/\bjson\b/.test(proxied.headers['content-type'] ?? '')) {
    const [, study] = /^\/studies\/([^/]+)/.exec(path) ?? [];
    if (study !== undefined && (await hiddenOf(study)).size === 0) return proxied;
    proxied.body.destroy();
    throw new Fault('request-refused', 'expected a request for application/dicom+json, found another type');
  }
  const [, inPath] = /^\/studies\/([^/]+)/.exec(path) ?? [];
  if (inPath !== undefined && (await hiddenOf(inPath)).size === 0) return proxied;
  const items = JSON.parse((await bytesOf(proxied.body)).toString() || '[]') as readonly Item[];
  const studies = [...new Set(items.map((one) => inPath ?? uidOf(one, '0020000D')))];
  const hidden = new Set<string>();
  for (const study of studies) for (const series of study === undefined ? [] : await hiddenOf(study)) hidden.add(series);
  const { 'content-length': _, ...headers } = proxied.headers;
  // Without its study nobody knows whether a series is hidden.
  const isShown = (one: Item): boolean => (inPath ?? uidOf(one, '0020000D')) !== undefined && !hidden.has(uidOf(one, '0020000E') ?? '');
  const body = JSON.stringify(items.filter(isShown));
  return { ...proxied, headers, body: Readable.from([body]) };
}

/** An item of a reply in the DICOM JSON model (PS3.18 Annex F). */
type Item = Readonly<Record<string, { readonly Value?: readonly unknown[] } | undefined>>;

function uidOf(item: Item, tag: string): string | undefined {
  const [value] = item[tag]?.Value ?? [];
  return typeof value === 'string' ? value : undefined;
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer | string>) {
    const received = Buffer.from(chunk as Buffer);
    bytes += received.length;
    if (bytes > maxListBytes) throw new Fault('pacs-error', `expected a list of at most ${maxListBytes} bytes, found a longer one`);
    chunks.push(received);
  }
  return Buffer.concat(chunks);
}
