import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { checkDocument } from '../sr/check-document.js';
import { hasPlace, measurementReport } from '../sr/measurement-report.js';
import type { ReportContent, ReportOutcome } from '../sr/report-content.js';
import { textReport } from '../sr/text-report.js';
import type { Analysis } from './analysis.js';
import { engineOf } from './document-content.js';
import type { DocumentUids } from './document-identity.js';
import { drawHeatMaps } from './draw-heat-maps.js';
import { nameDocuments } from './name-documents.js';
import { inputParameter } from './own-documents.js';
import type { ReportSettings, ResultDocument } from './ports.js';
import type { ReportContext } from './report-context.js';

export interface ComposedDocument {
  readonly kind: ResultDocument['kind'];
  readonly dataSet: DataSet;
}

/** A result's documents, checked and ready to be stored. */
export interface ComposedDocuments {
  readonly resultId: string;
  readonly content: ReportContent;
  readonly engineName: string;
  /** In the order in which they are stored: the text report is last, so that where it exists the others exist too. */
  readonly toStore: readonly ComposedDocument[];
}

/**
 * Composes the documents that state an outcome: a text report, and for findings a measurement report and heat maps as the profile
 * asks for them. A skip or failure gets a document if the settings ask for one, or if earlier documents have to be replaced: a
 * result that no longer applies must not remain the current one in the PACS.
 *
 * @throws Fault `document-invalid` if a document breaks the rules of its template
 */
export async function composeDocuments(
  context: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  settings: ReportSettings,
  now: Date,
): Promise<ComposedDocuments> {
  const { content, uids } = nameDocuments(context, outcome, analysis, settings, now);
  const composed = { resultId: uids.resultId, content, engineName: engineOf(context, analysis).name };
  if (!isWanted(content, settings)) return { ...composed, toStore: [] };
  const { watch } = context;
  const heatMaps = settings.profile.heatMaps
    ? await watch.time('heatMap', () => drawHeatMaps(analysis.findings, content, context.instances, uids, inputParameter(context.inputKey)))
    : [];
  const reports = await watch.time('report', async () => reportsOf(content, uids, settings));
  for (const { dataSet } of reports) assertValid(dataSet, content, context, settings);
  return { ...composed, toStore: [...heatMaps.map((dataSet) => ({ kind: 'heat-map' as const, dataSet })), ...reports] };
}

function isWanted({ outcome, predecessors }: ReportContent, { skippedDocuments, failedDocuments }: ReportSettings): boolean {
  const bySettings = { reported: true, skipped: skippedDocuments, failed: failedDocuments }[outcome.kind];
  return bySettings || predecessors.length > 0;
}

function reportsOf(content: ReportContent, uids: DocumentUids, { profile }: ReportSettings): readonly ComposedDocument[] {
  const { measurementReports, regionTemplate } = profile;
  const text = { kind: 'text' as const, dataSet: textReport(content) };
  const withMeasurements =
    measurementReports === 'always' ? content.outcome.kind === 'reported' : measurementReports === 'with-place' && hasPlace(content);
  if (!withMeasurements) return [text];
  const { series: seriesInstanceUID, instance: sopInstanceUID } = uids.measurement;
  const dataSet = measurementReport(
    { ...content, seriesInstanceUID, sopInstanceUID, seriesNumber: content.seriesNumber + 1 },
    regionTemplate,
  );
  return [{ kind: 'measurement', dataSet }, text];
}

function assertValid(dataSet: DataSet, content: ReportContent, { considered, study }: ReportContext, settings: ReportSettings): void {
  const mistakes = checkDocument(dataSet, {
    codes: [...settings.codes, ...content.procedures],
    imageSizes: imageSizesOf(considered),
    mayPointAtNothing: settings.profile.measurementReports === 'always',
  });
  if (mistakes.length > 0) throw new Fault('document-invalid', mistakes.join('; '), { studyInstanceUID: study.studyInstanceUID });
}

/** Columns and rows by SOP Instance UID, so that a region outside its image is found. */
function imageSizesOf(instances: readonly DataSet[]): ReadonlyMap<string, { readonly columns: number; readonly rows: number }> {
  return new Map(
    instances.map((one) => [
      textOf(one, 'SOPInstanceUID') ?? '',
      { columns: numberOf(one, 'Columns') ?? Infinity, rows: numberOf(one, 'Rows') ?? Infinity },
    ]),
  );
}
