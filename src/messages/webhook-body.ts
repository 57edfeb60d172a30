import { z } from 'zod';
import { notice } from '../sr/wording.js';
import type { ResultMessage } from './ports.js';

const concept = z.strictObject({ value: z.string(), scheme: z.string(), meaning: z.string() });
const date = z.string().regex(/^\d{8}$/);

/** The JSON body of a webhook; docs/guide/messages.md documents it. Fields may be added, so a receiver ignores those that it does not know. */
export const webhookBodySchema = z.strictObject({
  /** Rises if a field changes its meaning or is removed. */
  version: z.literal(1),
  messageId: z.string().max(20),
  isTest: z.boolean(),
  writtenAt: z.iso.datetime(),
  notice: z.literal(notice),
  study: z.strictObject({
    studyInstanceUID: z.string(),
    accessionNumber: z.string().optional(),
    placerOrderNumber: z.string().optional(),
    fillerOrderNumber: z.string().optional(),
    date: date.optional(),
    time: z
      .string()
      .regex(/^\d{6}$/)
      .optional(),
    utcOffset: z.string().optional(),
    modality: z.string(),
    procedure: concept,
    patient: z.strictObject({
      id: z.string().optional(),
      issuer: z.string().optional(),
      name: z.string().optional(),
      birthDate: z.string().optional(),
      sex: z.string().optional(),
    }),
  }),
  result: z.strictObject({
    resultId: z.string(),
    createdAt: z.iso.datetime(),
    outcome: z.enum(['reported', 'skipped', 'failed']),
    reason: z.string().optional(),
    isCorrection: z.boolean(),
    findings: z.array(
      z.strictObject({
        name: z.string(),
        concept,
        site: concept.optional(),
        wording: z.string(),
        probability: z.number().min(0).max(1),
        decision: z.enum(['present', 'absent', 'undetermined']),
        modelVersion: z.string().optional(),
      }),
    ),
    documents: z.array(
      z.strictObject({ studyInstanceUID: z.string(), seriesInstanceUID: z.string(), sopClassUID: z.string(), sopInstanceUID: z.string() }),
    ),
    prior: z
      .strictObject({
        studyInstanceUID: z.string(),
        studyDate: date,
        isOtherModel: z.boolean(),
        findings: z.array(
          z.strictObject({
            concept,
            change: z.enum(['unchanged', 'new', 'resolved', 'unclear']),
            before: z.strictObject({ decision: z.enum(['present', 'absent', 'undetermined']), probability: z.number().min(0).max(1) }),
          }),
        ),
      })
      .optional(),
    model: z.strictObject({ manufacturer: z.string(), name: z.string(), version: z.string(), deviceUID: z.string() }),
  }),
  pageUrl: z.string().optional(),
});

export type WebhookBody = z.input<typeof webhookBodySchema>;

/** The same text for each repetition of a message. */
export function webhookBodyOf({ messageId, isTest, writtenAt, study, result: { prior, ...result }, pageUrl }: ResultMessage): string {
  const body: WebhookBody = {
    version: 1,
    messageId,
    isTest,
    writtenAt: writtenAt.toISOString(),
    notice,
    study: { ...study, procedure: conceptOf(study.procedure) },
    result: {
      ...result,
      createdAt: result.createdAt.toISOString(),
      findings: result.findings.map(({ concept: code, site, isSelected: _isSelected, ...finding }) => ({
        ...finding,
        concept: conceptOf(code),
        ...(site ? { site: conceptOf(site) } : {}),
      })),
      documents: [...result.documents],
      ...(prior ? { prior: { ...prior, findings: prior.findings.map((one) => ({ ...one, concept: conceptOf(one.concept) })) } } : {}),
    },
    ...(pageUrl === undefined ? {} : { pageUrl }),
  };
  return JSON.stringify(body);
}

function conceptOf({ value, scheme, meaning }: { readonly value: string; readonly scheme: string; readonly meaning: string }) {
  return { value, scheme, meaning };
}
