import express, { Router } from 'express';
import { z } from 'zod';
import { isUsableUid } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { doneBy } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { readBody } from '../read-body.js';
import type { ServerParts } from '../ports/server.js';
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
    const studyInstanceUID = studyIn(request.params['study']);
    const shown = await started(parts).verdicts.ofStudy(studyInstanceUID);
    await parts.audit.recordView({ ...doneBy(request, response), action: 'verdict.view', subject: { studyInstanceUID } });
    response.json(shown);
  });
  router.post('/api/studies/:study/verdicts', requireRole('reader'), express.json({ limit: '64kb' }), async (request, response) => {
    const doer = doneBy(request, response);
    const given = readBody(request, verdictBody);
    const studyInstanceUID = studyIn(request.params['study']);
    const { verdicts } = started(parts);
    const { verdict, stored } = await parts.audit.deed(
      { ...doer, action: 'verdict.give', subject: { studyInstanceUID } },
      () => verdicts.record({ ...given, studyInstanceUID, reader: doer.actor, whence: doer.actor.startsWith('token:') ? 'api' : 'page' }),
      (result) => ({ sopInstanceUID: result.verdict.sopInstanceUID, stored: result.stored }),
    );
    response.status(stored ? 201 : 200).json(verdict);
  });
  return router;
}

function studyIn(text: unknown): string {
  if (typeof text === 'string' && isUsableUid(text)) return text;
  throw new Fault('request-invalid', 'expected a Study Instance UID in the address, found something else');
}
