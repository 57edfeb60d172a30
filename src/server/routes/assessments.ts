import express, { Router } from 'express';
import { z } from 'zod';
import { isUsableUid } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { readBody } from '../read-body.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

const assessmentBody = z.strictObject({
  /** Of each finding that the reader judges; the others stay unjudged. */
  findings: z
    .array(z.strictObject({ name: z.string().min(1).max(64), decision: z.enum(['present', 'absent', 'undetermined']) }))
    .min(1)
    .max(200),
  /** SOP Instance UID of the text report that was looked at: refused with 409 if it was replaced since. */
  assessedDocument: z.string().max(64).optional(),
  /** Ends a disagreement between readers; only for one who may verify. */
  adjudicates: z.boolean().optional(),
});

/** What readers say of a study's findings. */
export function assessmentRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/studies/:study/assessments', requireRole('viewer'), async (request, response) => {
    const studyInstanceUID = studyIn(request.params['study']);
    const shown = await started(parts).assessments.ofStudy(studyInstanceUID);
    await parts.audit.recordView({ ...actorOf(request, response), action: 'assessment.view', subject: { studyInstanceUID } });
    response.json(shown);
  });
  router.post('/api/studies/:study/assessments', requireRole('reader'), express.json({ limit: '64kb' }), async (request, response) => {
    const doer = actorOf(request, response);
    const given = readBody(request, assessmentBody);
    const studyInstanceUID = studyIn(request.params['study']);
    const { assessments } = started(parts);
    const { assessment, stored } = await parts.audit.recordAction(
      { ...doer, action: 'assessment.give', subject: { studyInstanceUID } },
      () =>
        assessments.record({ ...given, studyInstanceUID, reader: doer.actor, origin: doer.actor.startsWith('token:') ? 'api' : 'page' }),
      (result) => ({ sopInstanceUID: result.assessment.sopInstanceUID, stored: result.stored }),
    );
    response.status(stored ? 201 : 200).json(assessment);
  });
  return router;
}

function studyIn(text: unknown): string {
  if (typeof text === 'string' && isUsableUid(text)) return text;
  throw new Fault('request-invalid', 'expected a Study Instance UID in the address, found something else');
}
