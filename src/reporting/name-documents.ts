import type { AlgorithmIdentity, DocumentReference, ReportContent, ReportOutcome } from '../sr/report-content.js';
import type { Analysis } from './analysis.js';
import { contentOf } from './document-content.js';
import { contentDigest, documentUids, type DocumentUids } from './document-identity.js';
import { outcomeName } from './outcome-name.js';
import { contentParameter, isSameResult, type OwnDocument } from './own-documents.js';
import type { ReportSettings } from './ports.js';
import type { ReportContext } from './report-context.js';

/** The content of a result's documents and the UIDs that are derived from it. */
export interface NamedContent {
  readonly content: ReportContent;
  readonly uids: DocumentUids;
}

/**
 * Gives the documents their UIDs, derived from their content, so that a repetition names the same documents. Documents with these
 * UIDs that an interrupted attempt at this result left in the PACS are written again with the time of that attempt, byte for byte
 * the same. Documents that an attempt with another content left (another engine, another threshold) are replaced like any earlier
 * document.
 */
export function nameDocuments(
  context: ReportContext,
  outcome: ReportOutcome,
  analysis: Analysis,
  settings: ReportSettings,
  now: Date,
): NamedContent {
  const { current, heatMaps } = context.own;
  const named = (predecessors: readonly DocumentReference[]): NamedContent => {
    const content = contentOf(context, outcome, analysis, predecessors, settings, now);
    const digest = contentDigest(content, settings.profile.regionTemplate, context.asFiles ? now : undefined);
    const uids = documentUids({
      studyInstanceUID: context.study.studyInstanceUID,
      outcome: outcomeName(outcome),
      inputKey: context.inputKey,
      deviceUID: context.modelKey,
      predecessors,
      content: digest,
    });
    const withDigest = (one: AlgorithmIdentity): AlgorithmIdentity => ({
      ...one,
      parameters: [...one.parameters, contentParameter(digest)],
    });
    const { otherAlgorithms } = content;
    return {
      uids,
      content: {
        ...content,
        algorithm: withDigest(content.algorithm),
        ...(otherAlgorithms ? { otherAlgorithms: otherAlgorithms.map(withDigest) } : {}),
        seriesInstanceUID: uids.text.series,
        sopInstanceUID: uids.text.instance,
      },
    };
  };
  const withoutLeftOver = named(predecessorsOf(context, outcome));
  const isLeftOver = (one: OwnDocument): boolean => one.reference.sopInstanceUID === withoutLeftOver.uids.measurement.instance;
  const others = current.filter((one) => !isLeftOver(one)).map((one) => one.reference);
  const result = others.length === withoutLeftOver.content.predecessors.length ? withoutLeftOver : named(others);
  const earlier =
    current.find((one) => one.reference.sopInstanceUID === result.uids.measurement.instance)?.report.createdAt ??
    heatMaps.find((one) => one.reference.seriesInstanceUID === result.uids.heatMap.series)?.createdAt;
  return { ...result, content: { ...result.content, createdAt: earlier ?? now } };
}

/** The current documents, without those that an interrupted attempt at this result left; a skip or a failure replaces those too. */
function predecessorsOf({ own, inputKey, modelKey }: ReportContext, outcome: ReportOutcome): readonly DocumentReference[] {
  const isLeftOver = (one: OwnDocument): boolean =>
    outcome.kind === 'reported' && one.kind === 'measurement' && isSameResult(one, inputKey, modelKey);
  return own.current.filter((one) => !isLeftOver(one)).map((one) => one.reference);
}
