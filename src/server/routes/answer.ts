import { Router, type Request } from 'express';
import { Fault } from '../../errors.js';
import { receiveUpload, type ReceivedUpload } from '../../uploads/receive-upload.js';
import { doneBy } from '../access/done-by.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

/** Files that somebody drops: an answer at once, a dry run of the rules. They lie on disk as long as that takes. */
export function answerRoutes(parts: ServerParts): Router {
  const router = Router();
  router.post('/api/answer', requireRole('viewer'), async (request, response) => {
    const tools = started(parts);
    await withUpload(request, parts, async ({ path }, name) => {
      const answer = await tools.page.answer(path, name);
      await parts.audit.recordIfPossible({ ...doneBy(request, response), action: 'answer.ask' });
      response.json(answer);
    });
  });

  router.post('/api/rules/test', requireRole('viewer'), async (request, response) => {
    const tools = started(parts);
    await withUpload(request, parts, async ({ path }, name) => {
      response.json(await tools.page.testRulesOn(path, name));
    });
  });
  return router;
}

async function withUpload(request: Request, { uploads }: ServerParts, work: (upload: ReceivedUpload, name: string) => Promise<void>): Promise<void> {
  if (!request.is('application/octet-stream')) throw new Fault('request-invalid', 'expected the file itself as application/octet-stream');
  const declared = Number(request.get('Content-Length'));
  const upload = await receiveUpload(request, { ...uploads, declaredBytes: Number.isFinite(declared) ? declared : undefined });
  try {
    await work(upload, nameOf(request.get('X-File-Name')));
  } finally {
    await upload.remove();
  }
}

/** As the browser encoded it; for the answer only, no file is called so. */
function nameOf(header: string | undefined): string {
  try {
    return decodeURIComponent(header ?? '').split(/[/\\]/).at(-1)!.slice(0, 100) || 'file';
  } catch {
    return 'file';
  }
}
