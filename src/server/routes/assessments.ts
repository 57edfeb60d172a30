import { Fault } from '../../errors.js';
import { z } from 'zod';
import type { AssessmentViewer } from '../assessment-viewer.js';
import type { Response } from 'express';
import { mayAct, type Principal } from '../access/roles.js';
import { usableUid } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { assessmentSchema, decisionSchema, findingListSchema, studyAssessmentsSchema } from '../schemas/study.js';
import { startedPorts } from '../started-ports.js';

const commentSchema = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^[^\p{Cc}]*$/u, 'expected text without control characters')
  .describe('becomes a comment on the finding in the SR; it is stored nowhere else');

/** A browser that sends later what somebody decided may be another user's meanwhile. */
const decidedBy = z
  .string()
  .max(200)
  .optional()
  .describe('account of the reader who decided: refused with 409 if another one is logged in');

const assessmentBody = z.strictObject({
  reader: decidedBy,
  findings: z
    .array(z.strictObject({ name: z.string().min(1).max(64), decision: decisionSchema, comment: commentSchema.optional() }))
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

const withdrawalBody = z.strictObject({
  reader: decidedBy,
  findings: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(200)
    .describe('names of the findings of which your earlier assessments no longer count'),
});

/** Readers' assessments of a study's findings. */
export function assessmentRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/findings',
      access: 'viewer',
      summary: 'The findings that can be assessed, with their codes',
      reply: { json: findingListSchema },
      handle: () => startedPorts(parts).assessments.codedFindings(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/assessments',
      access: 'viewer',
      summary: "Readers' assessments of a study, and the labels that follow from them",
      description:
        "What was read from radiologists' reports is shown to readers only. What other readers state is hidden from a reader until the reader has assessed the study (assessments.hideOthersUntilAssessed).",
      query: z.object({ comments: z.stringbool().default(false).describe('also what the readers wrote, which is read from the PACS') }),
      reply: { json: studyAssessmentsSchema },
      async handle({ param, query, actor, response }) {
        const studyInstanceUID = usableUid(param('study'));
        const viewer = assessmentViewer(response);
        const shown = await startedPorts(parts).assessments.ofStudy(studyInstanceUID, viewer, query.comments);
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
        refuseOtherReader(body.reader, actor.actor, studyInstanceUID);
        const { assessments } = startedPorts(parts);
        const { assessment, stored } = await parts.audit.recordAction(
          { ...actor, action: 'assessment.give', subject: { studyInstanceUID } },
          () =>
            assessments.record({
              ...body,
              studyInstanceUID,
              reader: actor.actor,
              origin: originOf(actor.actor),
            }),
          (result) => ({ sopInstanceUID: result.assessment.sopInstanceUID, stored: result.stored }),
        );
        response.status(stored ? 201 : 200);
        return assessment;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/assessments/withdrawals',
      access: 'reader',
      summary: 'Withdraw your own assessments of some findings: a DICOM SR that supersedes them',
      description:
        'The labels become what they were if you had never assessed these findings. 200 if the PACS contained the withdrawal already.',
      body: { schema: withdrawalBody, limit: '64kb' },
      reply: { json: assessmentSchema, statuses: [200, 201] },
      async handle({ param, actor, body, response }) {
        const studyInstanceUID = usableUid(param('study'));
        refuseOtherReader(body.reader, actor.actor, studyInstanceUID);
        const { assessments } = startedPorts(parts);
        const { assessment, stored } = await parts.audit.recordAction(
          { ...actor, action: 'assessment.withdraw', subject: { studyInstanceUID } },
          () => assessments.withdraw({ ...body, studyInstanceUID, reader: actor.actor, origin: originOf(actor.actor) }),
          (result) => ({ sopInstanceUID: result.assessment.sopInstanceUID, stored: result.stored }),
        );
        response.status(stored ? 201 : 200);
        return assessment;
      },
    }),
  ];
}

function refuseOtherReader(decided: string | undefined, actor: string, studyInstanceUID: string): void {
  if (decided !== undefined && decided !== actor)
    throw new Fault('reader-changed', 'expected the account of the reader who decided, found another one', { studyInstanceUID });
}

function originOf(actor: string): 'api' | 'page' {
  return actor.startsWith('token:') ? 'api' : 'page';
}

/** The user of the request as one who sees assessments. */
export function assessmentViewer(response: Response): AssessmentViewer {
  const principal = response.locals['principal'] as Principal;
  return { name: principal.name, isReader: mayAct(principal, 'reader') };
}
