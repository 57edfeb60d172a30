/** The types of the HTTP interface for the page (src/web), which imports no schema: it would become part of the bundle. */
export type { UploadAnalysisResult, AnalyzedFinding, AnalyzedImage } from './schemas/analysis.js';
export type { DraftTest, RulesState, ShownRuleProblem, ShownRuleVersion } from './schemas/rules.js';
export type { EditedRule } from '../routing/edit-rules.js';
export type { ShownSystem, ShownTrends } from './schemas/system.js';
export type { ShownAccount, ShownSession, ShownToken } from './schemas/access.js';
export type { ShownBackfill } from './schemas/backfills.js';
export type { Guide, GuideMatch, ShownGuide } from './schemas/guides.js';
export type { TrialReport } from '../archive/trial-report/trial-figures.js';
export type {
  ChangedModels,
  FindingFigures,
  ModelDetail,
  ModelsPage,
  ShownChange,
  ShownModel,
  ShownRetraining,
} from './schemas/models.js';
export type { ImageStack, ShownFrame, FrameAttributes, ImagesOfStudy } from './schemas/images.js';
export type { DiscordancePage, ShownDiscordance, ShownReceipt, ShownReportCounts } from './schemas/reports.js';
export type { ShownExport, ShownLabelOverview, ShownReadiness, ShownRun, ShownRunList } from './schemas/research.js';
export type { ShownChannel, ShownMessage, TestedChannel } from './schemas/messages.js';
export type {
  Operations,
  QueueState,
  RuleTest,
  ShownAlarm,
  ShownAuditEntry,
  ShownAuditState,
  ShownDrift,
  ShownFailedJob,
  ShownRule,
} from './schemas/operations.js';
export type {
  CodedFinding,
  HistoryEntry,
  OutcomeCounts,
  PageFinding,
  RequestedAnalysis,
  ShownAssessment,
  ShownHeatMap,
  ShownImage,
  ShownPatient,
  ShownReading,
  ShownRegion,
  ShownResult,
  StudyAssessments,
  ShownPrior,
  StudyPage,
  WorklistCounts,
  WorklistPage,
  WorklistRow,
} from './schemas/study.js';
export type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
export type { GateDecision } from '../evaluation/promotion/gate-decision.js';
export type { ComparedAgreement, ComparedQuantity, DriftReport } from '../evaluation/drift/drift-report.js';
export type { Decision } from '../sr/report-content.js';
export type { Outcome } from '../store/schema.js';
