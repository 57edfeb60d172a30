import { z } from 'zod';

/** Erasing of a patient's data, as JSON. Times are ISO 8601. */

const count = z.int().min(0);

export const erasureSchema = z
  .object({
    isErased: z.boolean().describe('false: only found'),
    allowed: count.exactOptional().describe('studies that may be analysed again'),
    fingerprint: z.string().exactOptional().describe('by which the audit log names the patient'),
    studies: z
      .array(
        z.object({
          studyInstanceUID: z.string(),
          isInPacs: z.boolean(),
          reports: count.describe('documents of this program in the PACS, superseded ones too'),
          heatMaps: count,
          keyObjects: count.describe('key object selections'),
          assessments: count.describe('of readers, given on the page or the interface'),
        }),
      )
      .readonly(),
    otherPatientIds: z.array(z.string()).readonly().describe('IDs that the images state besides; their studies are not included'),
    similarPatients: count.describe('patients whose ID differs by case or by letters that are not ASCII; not included'),
    rows: z.record(z.string(), count).describe('rows of the database, by table'),
    jobs: count,
    pictures: count.describe('pictures for retraining in DATA_DIR of this process'),
    runs: count.describe('retraining runs that end because they were planned with the studies'),
    labelsOfRuns: count,
    sent: z
      .array(
        z.object({
          kind: z.enum(['message', 'documents']),
          to: z.string().describe('channel or destination'),
          at: z.iso.datetime().exactOptional(),
          id: z.string(),
          state: z.string(),
          receiverReference: z.string().exactOptional(),
        }),
      )
      .readonly()
      .describe('what other systems were sent, or may have been sent: erasing does not reach it'),
    trainedVersions: z
      .array(z.object({ line: z.string(), version: z.string() }))
      .readonly()
      .describe('model versions that learned from images of the patient; their weights stay'),
  })
  .readonly();
export type ShownErasure = z.infer<typeof erasureSchema>;

const text = (max: number) => z.string({ error: 'expected a text' }).max(max, { error: `expected at most ${max} characters` });

/** Checked further by the retention story, which names what was expected. */
export const erasureBody = z.strictObject({
  patientId: text(256).optional().describe('Patient ID, compared exactly'),
  issuer: text(256).optional().describe('Issuer of Patient ID; "" for studies that state none'),
  studies: z.array(text(128)).max(1_000).optional().describe('Study Instance UIDs in place of a patient; the PACS need not contain them'),
  action: z.enum(['find', 'erase', 'allow']).describe('find: changes nothing; allow: studies that were erased may be analysed again'),
});
export type ErasureBody = z.infer<typeof erasureBody>;
