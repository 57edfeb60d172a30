import type { Request, Response } from 'express';
import { Fault } from '../../errors.js';
import { receiveUpload, tooLarge, type ReceivedUpload } from '../../uploads/receive-upload.js';
import { UploadRoom, type UploadPlace } from '../../uploads/upload-room.js';
import { actorOf } from '../access/actor.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { analysisSchema, analyzeQuerySchema } from '../schemas/analysis.js';
import { ruleTestSchema } from '../schemas/operations.js';
import { startedPorts } from '../started-ports.js';

/** A dry run reads the header only; no DICOM file for it is larger. */
const maxRulesBytes = 128 * 2 ** 20;

/**
 * Files that a user sends: findings for them at once, and a dry run of the rules. They are on disk for as long as that takes, and only as many
 * are received as the disk has room for.
 */
export function analyzeRoutes(parts: ServerParts): readonly Route[] {
  const room = new UploadRoom(parts.uploads.directory, parts.uploads.limits);
  return [
    defineRoute({
      method: 'post',
      path: '/api/analyze',
      access: 'viewer',
      summary: 'Findings for a DICOM, ZIP, PNG or JPEG file; nothing is stored',
      query: analyzeQuerySchema,
      body: 'file',
      reply: { json: analysisSchema },
      async handle({ request, response, query: { model, pictures }, actor }) {
        const { page } = startedPorts(parts);
        return withUpload(request, response, { ...parts.uploads, room }, async ({ path }, name, { reserve }, signal) => {
          const analysis = await page.analyze(path, name, { model, reserve, signal, withoutPictures: pictures === 'none' });
          await parts.audit.recordIfPossible({
            ...actor,
            action: 'upload.analyze',
            ...(model === undefined ? {} : { subject: { model } }),
          });
          return analysis;
        });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/rules/test',
      access: 'viewer',
      summary: 'Dry run of the routing rules on a DICOM file',
      body: 'file',
      reply: { json: ruleTestSchema },
      async handle({ request, response, actor }) {
        const { page } = startedPorts(parts);
        const uploads = { ...parts.uploads, maxBytes: Math.min(parts.uploads.maxBytes, maxRulesBytes), room };
        return withUpload(request, response, uploads, async ({ path }, name) => {
          const result = await page.testRulesOn(path, name);
          await parts.audit.recordIfPossible({ ...actor, action: 'rules.test', subject: { of: 'file' } });
          return result;
        });
      },
    }),
  ];
}

interface Uploads {
  readonly directory: string;
  readonly maxBytes: number;
  readonly room: UploadRoom;
}

async function withUpload<T>(
  request: Request,
  response: Response,
  { room, directory, maxBytes }: Uploads,
  work: (upload: ReceivedUpload, name: string, place: UploadPlace, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!request.is('application/octet-stream')) throw new Fault('request-invalid', 'expected the file itself as application/octet-stream');
  const declared = Number(request.get('Content-Length'));
  const declaredBytes = Number.isFinite(declared) && request.get('Content-Length') !== undefined ? declared : undefined;
  // A file that is too large is refused before it waits for its turn.
  if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
  const gone = new AbortController();
  const left = (): void => gone.abort();
  response.once('close', left);
  const place = await room.enter(actorOf(request, response).actor, gone.signal);
  try {
    const upload = await receiveUpload(request, { directory, maxBytes, declaredBytes, reserve: place.reserve });
    try {
      return await work(upload, nameOf(request.get('X-File-Name')), place, gone.signal);
    } finally {
      await upload.remove();
    }
  } finally {
    response.off('close', left);
    place.release();
  }
}

/** As the browser encoded it; only shown, no file on disk has this name. */
function nameOf(header: string | undefined): string {
  try {
    return (
      decodeURIComponent(header ?? '')
        .split(/[/\\]/)
        .at(-1)!
        .slice(0, 100) || 'file'
    );
  } catch {
    return 'file';
  }
}
