import type { AssessmentViewer } from './assessment-viewer.js';
import type { ExportBody, ShownExport, ShownLabelOverview, ShownReadiness, ShownRun, ShownRunList } from './schemas/research.js';

/** What researchers see and do. `line`: model line, the default one if absent. */
export interface ResearchPort {
  /** Disagreements are listed as the worklist lists them. */
  labels(viewer: AssessmentViewer): Promise<ShownLabelOverview>;
  /** @throws Fault `not-found` for an unknown line */
  readiness(line?: string): Promise<ShownReadiness>;
  runs(line?: string): Promise<ShownRunList>;
  /** Images of studies that the viewer reads without knowing what others state are left out. @throws Fault `not-found` */
  run(id: string, viewer: AssessmentViewer, line?: string): Promise<ShownRun>;
  /** @throws Fault `too-busy` while another export is in progress, `dataset-invalid` */
  exportDataset(body: ExportBody): Promise<ShownExport>;
}
