import { Router } from 'express';
import { z } from 'zod';
import { isUid } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { requireRole, type Principal } from '../access/roles.js';
import { checkedBody, jsonBody } from '../json-body.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

const verdictBody = z.strictObject({
  /** Of each finding that the reader judges; the others stay unjudged. */
  findings: z.array(z.strictObject({ name: z.string().min(1).max(64), decision: z.enum(['present', 'absent', 'undetermined']) })).min(1).max(200),
  /** SOP Instance UID of the text report that was looked at: refused with 409 if it was replaced since. */
  judgedDocument: z.string().max(64).optional(),
  /** Ends a disagreement between readers; only for one who may verify. */
  settles: z.boolean().optional(),
});

/** What readers say of a study's findings. */
export function verdictRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/studies/:study/verdicts', requireRole('viewer'), async (request, response) => {
    response.json(await started(parts).verdicts.ofStudy(studyIn(request.params['study'])));
  });
  router.post('/api/studies/:study/verdicts', requireRole('reader'), jsonBody(), async (request, response) => {
    // A page of another site cannot send this header; our own says that it is one.
    const by = request.get('X-Chest-Ai');
    if (by === undefined) throw new Fault('request-refused', 'expected the header X-Chest-Ai');
    const { name } = response.locals['principal'] as Principal;
    const given = checkedBody(request.body as unknown, verdictBody);
    const { verdict, stored } = await started(parts).verdicts.record({ ...given, studyInstanceUID: studyIn(request.params['study']), reader: name, whence: by === 'page' ? 'page' : 'api' });
    response.status(stored ? 201 : 200).json(verdict);
  });
  return router;
}

function studyIn(text: unknown): string {
  if (typeof text === 'string' && isUid(text)) return text;
  throw new Fault('request-invalid', 'expected a Study Instance UID in the address, found something else');
}
