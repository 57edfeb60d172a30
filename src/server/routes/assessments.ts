import { z } from 'zod';
import { mayAct, type Principal } from '../access/roles.js';
import { usableUid } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { assessmentSchema, decisionSchema, studyAssessmentsSchema } from '../schemas/study.js';
import { startedPorts } from '../started-ports.js';

const assessmentBody = z.strictObject({
  findings: z
    .array(z.strictObject({ name: z.string().min(1).max(64), decision: decisionSchema }))
    .min(1)
    .max(200)
    .describe('the findings that the reader assesses; the others stay as they are'),
  assessedDocument: z
    .string()
    .max(64)
    .optional()
    .describe('SOP Instance UID of the text report that the reader saw: refused with 409 if it has been replaced since'),
  adjudicates: z.boolean().optional().describe('ends a disagreement between readers; only for readers who may verify'),
});

/** Readers' assessments of a study's findings. */
export function assessmentRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/assessments',
      access: 'viewer',
      summary: "Readers' assessments of a study, and the labels that follow from them",
      description: "What was read from radiologists' reports is shown to readers only.",
      reply: { json: studyAssessmentsSchema },
      async handle({ param, actor, response }) {
        const studyInstanceUID = usableUid(param('study'));
        // Beside the result it would show everybody where the two differ.
        const withReports = mayAct(response.locals['principal'] as Principal, 'reader');
        const shown = await startedPorts(parts).assessments.ofStudy(studyInstanceUID, withReports);
        await parts.audit.recordView({ ...actor, action: 'assessment.view', subject: { studyInstanceUID } });
        return shown;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/assessments',
      access: 'reader',
      summary: "Store a reader's assessment as a DICOM SR in the PACS",
      description: '201 if it was stored, 200 if the PACS contained it already.',
      body: {
        schema: assessmentBody,
        limit: '64kb',
        formerNames: { judgedDocument: 'assessedDocument', settles: 'adjudicates' },
      },
      reply: { json: assessmentSchema, statuses: [200, 201] },
      async handle({ param, actor, body, response }) {
        const studyInstanceUID = usableUid(param('study'));
        const { assessments } = startedPorts(parts);
        const { assessment, stored } = await parts.audit.recordAction(
          { ...actor, action: 'assessment.give', subject: { studyInstanceUID } },
          () =>
            assessments.record({
              ...body,
              studyInstanceUID,
              reader: actor.actor,
              origin: actor.actor.startsWith('token:') ? 'api' : 'page',
            }),
          (result) => ({ sopInstanceUID: result.assessment.sopInstanceUID, stored: result.stored }),
        );
        response.status(stored ? 201 : 200);
        return assessment;
      },
    }),
  ];
}
