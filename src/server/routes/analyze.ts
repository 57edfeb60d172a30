import { Router, type Request, type Response } from 'express';
import { Fault } from '../../errors.js';
import { receiveUpload, tooLarge, type ReceivedUpload } from '../../uploads/receive-upload.js';
import { UploadRoom, type UploadPlace } from '../../uploads/upload-room.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** A dry run reads the header only; a file that somebody means is no larger. */
const maxRulesBytes = 128 * 2 ** 20;

/**
 * Files that somebody drops: an answer at once, a dry run of the rules. They lie on disk as long as that takes, and only as many come as the
 * disk has room for.
 */
export function analyzeRoutes(parts: ServerParts): Router {
  const router = Router();
  const room = new UploadRoom(parts.uploads.directory, parts.uploads.limits);
  router.post('/api/answer', requireRole('viewer'), async (request, response) => {
    const tools = started(parts);
    await withUpload(request, response, { ...parts.uploads, room }, async ({ path }, name, { reserve }) => {
      const answer = await tools.page.answer(path, name, reserve);
      await parts.audit.recordIfPossible({ ...actorOf(request, response), action: 'upload.analyze' });
      response.json(answer);
    });
  });

  router.post('/api/rules/test', requireRole('viewer'), async (request, response) => {
    const tools = started(parts);
    await withUpload(
      request,
      response,
      { ...parts.uploads, maxBytes: Math.min(parts.uploads.maxBytes, maxRulesBytes), room },
      async ({ path }, name) => {
        const test = await tools.page.testRulesOn(path, name);
        await parts.audit.recordIfPossible({ ...actorOf(request, response), action: 'rules.test', subject: { of: 'file' } });
        response.json(test);
      },
    );
  });
  return router;
}

interface Uploads {
  readonly directory: string;
  readonly maxBytes: number;
  readonly room: UploadRoom;
}

async function withUpload(
  request: Request,
  response: Response,
  { room, directory, maxBytes }: Uploads,
  work: (upload: ReceivedUpload, name: string, place: UploadPlace) => Promise<void>,
): Promise<void> {
  if (!request.is('application/octet-stream')) throw new Fault('request-invalid', 'expected the file itself as application/octet-stream');
  const declared = Number(request.get('Content-Length'));
  const declaredBytes = Number.isFinite(declared) && request.get('Content-Length') !== undefined ? declared : undefined;
  // What is too large is refused before it waits for its turn.
  if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
  const gone = new AbortController();
  const left = (): void => gone.abort();
  response.once('close', left);
  const place = await room.enter(actorOf(request, response).actor, gone.signal);
  try {
    const upload = await receiveUpload(request, { directory, maxBytes, declaredBytes, reserve: place.reserve });
    try {
      await work(upload, nameOf(request.get('X-File-Name')), place);
    } finally {
      await upload.remove();
    }
  } finally {
    response.off('close', left);
    place.release();
  }
}

/** As the browser encoded it; for the answer only, no file is called so. */
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
