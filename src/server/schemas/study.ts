import { z } from 'zod';

/** Results of studies, patients and pictures, as JSON. Times are ISO 8601. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

export const outcomeSchema = z.enum(['reported', 'skipped', 'failed']);

export const decisionSchema = z.enum(['present', 'absent', 'undetermined']);

export const findingShape = {
  name: z.string().describe('as in config/findings.json'),
  meaning: z.string().describe('Code Meaning of its concept'),
  probability: z.number().min(0).max(1).describe('calibrated'),
  decision: decisionSchema,
  modelVersion: z.string().exactOptional().describe('of the model that found it'),
};
export const findingSchema = z
  .object({
    ...findingShape,
    isNotCalibratedHere: z.literal(true).exactOptional().describe("on a study's own page: probability and thresholds are the publisher's"),
  })
  .readonly();
export type PageFinding = z.infer<typeof findingSchema>;

const rowShape = {
  resultId: z.string(),
  studyInstanceUID: z.string(),
  createdAt: z.iso.datetime(),
  outcome: outcomeSchema,
  code: z.string().exactOptional().describe('why the study was skipped or failed'),
  reason: z.string().exactOptional(),
  rule: z.string().exactOptional().describe('routing rule that took the study'),
  priority: z.number().min(0).max(10).describe('0 routine to 10 first'),
  modelVersion: z.string().exactOptional().describe('of the first model'),
  findings: list(findingSchema),
  otherFindings: list(findingSchema)
    .exactOptional()
    .describe('of other models on the same findings: a model of higher precedence decided on these'),
};
export const readingStateSchema = z.enum(['unread', 'being-read', 'read']);
export const readingFilterSchema = z.enum(['unread', 'being-read', 'read', 'to-read', 'second', 'disagreed']);
export const worklistOrderSchema = z.enum(['urgency', 'priority', 'time']);

export const readingSchema = z
  .object({
    state: readingStateSchema,
    reader: z.string().exactOptional().describe('account that reads the study, or has read it'),
    claimedUntil: z.iso.datetime().exactOptional().describe('of a study that is being read: then it is free again'),
    readAt: z.iso.datetime().exactOptional(),
    waits: z.boolean().describe('selected by a routing rule, not from an archive, and not read'),
    waitingSince: z.iso.datetime(),
    overdue: z.boolean().describe('waits longer than triage.maxWaitMinutes: it goes first'),
    urgency: z.number().min(0).describe('sum of weights × probabilities; comparable within this installation only'),
    explanation: z
      .string()
      .exactOptional()
      .describe('why a study that waits stands where it stands, e.g. "Pneumothorax 91 %, waiting 12 min"'),
    wait: z.string().exactOptional().describe('of a study that waits, e.g. "4 h 10 min"'),
  })
  .readonly();
export type ShownReading = z.infer<typeof readingSchema>;

const worklistRowSchema = z
  .object({
    ...rowShape,
    reading: readingSchema,
    assessedBy: list(z.object({ reader: z.string(), at: z.iso.datetime().nullable() }).readonly()).describe('the latest first'),
  })
  .readonly();
export type WorklistRow = z.infer<typeof worklistRowSchema>;

export const worklistPageSchema = z
  .object({
    rows: list(worklistRowSchema).describe('in the requested order'),
    order: worklistOrderSchema.describe('of the rows; the setting triage.order decides unless the request does'),
    next: z.string().exactOptional().describe('where the next page starts; absent at the end'),
    withoutResult: list(z.string())
      .exactOptional()
      .describe('Study Instance UIDs of studies that the search finds in the PACS and that have no result; first page only'),
  })
  .readonly();
export type WorklistPage = z.infer<typeof worklistPageSchema>;

export const outcomeCountsSchema = z.object({ reported: z.int(), skipped: z.int(), failed: z.int() }).readonly();
export type OutcomeCounts = z.infer<typeof outcomeCountsSchema>;

export const worklistCountsSchema = z
  .object({
    reported: z.int(),
    skipped: z.int(),
    failed: z.int(),
    present: z.int().describe('current results in which a finding is present'),
    toRead: z.int().describe('studies that wait and that nobody else reads'),
    disagreed: z.int().describe('studies on which the readers disagree; of studies that you have not assessed only if you may adjudicate'),
  })
  .readonly();
export type WorklistCounts = z.infer<typeof worklistCountsSchema>;

/** From the PACS, for users who are logged in; stored nowhere. */
export const patientSchema = z
  .object({
    name: z.string(),
    patientId: z.string(),
    sex: z.string(),
    birthDate: z.string().describe('DA'),
    studyDate: z.string().describe('DA'),
    accessionNumber: z.string(),
    description: z.string(),
    modalities: list(z.string()),
  })
  .readonly();
export type ShownPatient = z.infer<typeof patientSchema>;

const imageSchema = z
  .object({
    seriesInstanceUID: z.string(),
    sopInstanceUID: z.string(),
    modality: z.string(),
    view: z.string(),
    description: z.string(),
    frames: z.number().describe('1 for single-frame images'),
  })
  .readonly();
export type ShownImage = z.infer<typeof imageSchema>;

const heatMapSchema = z
  .object({
    seriesInstanceUID: z.string(),
    sopInstanceUID: z.string(),
    sourceSopInstanceUID: z.string().exactOptional().describe('the image that it was drawn over'),
    sourceFrame: z.int().min(1).exactOptional().describe('1-based, of a multi-frame image'),
    title: z.string().describe('first words of Derivation Description: finding and certainty'),
  })
  .readonly();
export type ShownHeatMap = z.infer<typeof heatMapSchema>;

const share = z.number().min(0).max(1);
const regionSchema = z
  .object({
    finding: z.string().describe('Code Meaning'),
    sopInstanceUID: z.string().describe('the image that it lies on'),
    frame: z.int().min(1),
    left: share,
    top: share,
    right: share,
    bottom: share,
  })
  .readonly()
  .describe('a box of the current TID 1500 document, in shares of the image as it is shown, upright');
export type ShownRegion = z.infer<typeof regionSchema>;

const documentSchema = z
  .object({ kind: z.string(), sopInstanceUID: z.string(), seriesInstanceUID: z.string(), studyInstanceUID: z.string().exactOptional() })
  .readonly();
const deliverySchema = z.object({ destination: z.string(), state: z.string() }).readonly();

const historyEntrySchema = z
  .object({
    ...rowShape,
    isCurrent: z.boolean(),
    engine: z.string().exactOptional(),
    documents: list(documentSchema),
    deliveries: list(deliverySchema),
    timingsMs: z.record(z.string(), z.number()).readonly().describe('milliseconds by step'),
  })
  .readonly();
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

const priorSchema = z
  .object({
    studyInstanceUID: z.string(),
    studyDate: z.string().describe('DA'),
    isOtherModel: z.boolean().describe('another model version made the prior result'),
    findings: list(
      z
        .object({
          name: z.string(),
          change: z.enum(['unchanged', 'new', 'resolved', 'unclear']),
          decision: decisionSchema.describe('of the prior result'),
          probability: z.number().min(0).max(1).describe('of the prior result'),
        })
        .readonly(),
    ),
  })
  .readonly();
export type ShownPrior = z.infer<typeof priorSchema>;

export const studyPageSchema = z
  .object({
    studyInstanceUID: z.string(),
    history: list(historyEntrySchema).describe('current result first'),
    patient: patientSchema.exactOptional().describe('absent if the PACS does not answer or does not hold the study'),
    prior: priorSchema.exactOptional().describe('result of the latest earlier study of the patient with images of the same kind'),
    images: list(imageSchema),
    heatMaps: list(heatMapSchema),
    regions: list(regionSchema).exactOptional().describe('absent if the PACS does not answer or does not hold the study'),
    pacs: z.enum(['answers', 'gone', 'unreachable']),
    reading: readingSchema.exactOptional().describe('absent for a study without a result'),
  })
  .readonly();
export type StudyPage = z.infer<typeof studyPageSchema>;

export const requestedAnalysisSchema = z
  .object({ studyInstanceUID: z.string(), state: z.enum(['queued', 'in-progress', 'unchanged']) })
  .readonly();
export type RequestedAnalysis = z.infer<typeof requestedAnalysisSchema>;

const codedFindingSchema = z.object({ ...findingShape, code: z.string().exactOptional(), scheme: z.string().exactOptional() }).readonly();

export const resultSchema = z
  .object({
    studyInstanceUID: z.string(),
    createdAt: z.iso.datetime(),
    outcome: outcomeSchema,
    code: z.string().exactOptional().describe('why the study was skipped or failed'),
    reason: z.string().optional(),
    findings: list(codedFindingSchema),
    otherFindings: list(codedFindingSchema).exactOptional().describe('of other models on the same findings, which do not decide'),
    modelVersion: z.string(),
    engine: z.string(),
    isCurrent: z.boolean(),
    documents: list(documentSchema),
    deliveries: list(deliverySchema),
  })
  .readonly();
export type ShownResult = z.infer<typeof resultSchema>;

export const findingListSchema = list(
  z.object({ name: z.string(), meaning: z.string(), code: z.string(), scheme: z.string() }).readonly(),
).describe('findings of config/findings.json, by meaning');
export type CodedFinding = z.infer<typeof findingListSchema>[number];

const comparisonSchema = z.string();
const statementSchema = z
  .object({
    name: z.string().optional(),
    code: z.string(),
    scheme: z.string(),
    meaning: z.string(),
    decision: decisionSchema,
    comparison: comparisonSchema.optional().describe("the assessment beside the software's decision"),
    softwareDecision: decisionSchema.optional(),
    isCurrent: z.boolean().describe('whether it is the latest statement of this reader on the finding, and not withdrawn'),
    comment: z.string().exactOptional().describe('what the reader wrote, read from the document in the PACS; with `comments` only'),
  })
  .readonly();

export const assessmentSchema = z
  .object({
    sopInstanceUID: z.string(),
    kind: z.string(),
    reader: z.string(),
    verified: z.boolean(),
    adjudicates: z.boolean().describe('ends a disagreement between readers'),
    origin: z.string().describe('page, api, or the system from which the document comes'),
    givenAt: z.iso.datetime().nullable(),
    findings: list(statementSchema),
    withdrawn: list(
      z.object({ name: z.string().optional(), code: z.string(), scheme: z.string(), meaning: z.string() }).readonly(),
    ).describe('findings of which the reader withdraws every earlier assessment'),
    predecessors: list(z.string()),
  })
  .readonly();
export type ShownAssessment = z.infer<typeof assessmentSchema>;

const labelSchema = z
  .object({
    studyInstanceUID: z.string(),
    finding: z.string(),
    state: z.enum(['agreed', 'disagreed', 'undetermined']),
    decision: z.enum(['present', 'absent']).exactOptional().describe('only where the readers agree'),
    statements: list(
      z
        .object({
          studyInstanceUID: z.string(),
          finding: z.string(),
          reader: z.string(),
          decision: decisionSchema,
          source: z.string(),
          verified: z.boolean(),
          adjudicates: z.boolean(),
          givenAt: z.iso.datetime().nullable(),
        })
        .readonly(),
    ).describe('the last statement of each reader'),
  })
  .readonly();

export const studyAssessmentsSchema = z
  .object({
    assessments: list(assessmentSchema).describe('oldest first'),
    labels: list(labelSchema),
    othersHidden: z
      .boolean()
      .describe('what other readers state is left out until you have assessed the study (assessments.hideOthersUntilAssessed)'),
    mayAdjudicate: z.boolean().describe('whether you may end a disagreement between readers (assessments.verifiers)'),
  })
  .readonly();
export type StudyAssessments = z.infer<typeof studyAssessmentsSchema>;
