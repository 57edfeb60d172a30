/** Shapes that the page shows of a model, as evaluation and gate write them; types only. */
export type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
export type { GateDecision } from '../evaluation/promotion/gate-decision.js';
export type { DriftReport, ComparedQuantity, ComparedAgreement } from '../evaluation/drift/drift-report.js';
