import { itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { isOwnDocument } from '../sr/own-document.js';
import type { ServedModel } from '../serving/model.js';
import { readReport, type ReadFinding, type ReadReport } from '../sr/read-report.js';
import type { DocumentReference } from '../sr/report-content.js';
import { momentOf } from '../sr/timezone.js';
import { referenceTo } from './image-reference.js';

/** One of our documents as it stands in the PACS. */
export interface OwnDocument {
  readonly reference: DocumentReference;
  readonly kind: 'text' | 'measurement';
  readonly report: ReadReport;
}

/** A heat map of ours as it stands in the PACS. */
export interface OwnHeatMap {
  readonly reference: DocumentReference;
  readonly deviceUID: string;
  /** Derivation Description: what it shows and the input of its result. */
  readonly derivation: string;
  readonly createdAt: Date | undefined;
}

export interface OwnDocuments {
  /** Reports, superseded ones too. */
  readonly all: readonly OwnDocument[];
  /** Those that no other document names as its predecessor. */
  readonly current: readonly OwnDocument[];
  readonly heatMaps: readonly OwnHeatMap[];
}

/** Finds our documents among the instances of a study; the PACS, not the index, is the record of what was reported. */
export function ownDocumentsIn(instances: readonly DataSet[]): OwnDocuments {
  const own = instances.filter(isOwnDocument);
  const all = own
    .filter((instance) => textOf(instance, 'Modality') === 'SR')
    .map((instance): OwnDocument => {
      const report = readReport(instance);
      return { reference: referenceTo(instance), kind: report.kind, report };
    });
  const superseded = new Set(all.flatMap((one) => one.report.predecessors.map((predecessor) => predecessor.sopInstanceUID)));
  const heatMaps = own
    .filter((instance) => textOf(instance, 'Modality') === 'OT')
    .map(
      (instance): OwnHeatMap => ({
        reference: referenceTo(instance),
        deviceUID:
          itemsOf(instance, 'ContributingEquipmentSequence')
            .map((item) => textOf(item, 'DeviceUID'))
            .find((uid) => uid !== undefined) ?? '',
        derivation: textOf(instance, 'DerivationDescription') ?? '',
        createdAt: momentOf(instance, 'ContentDate', 'ContentTime'),
      }),
    );
  return { all, current: all.filter((one) => !superseded.has(one.reference.sopInstanceUID)), heatMaps };
}

/** The input of a result, as an algorithm parameter of its documents: by which a repetition recognises a result that is already reported. */
export function inputParameter(inputKey: string): string {
  return `input ${inputKey}`;
}

/** The models of a result, if there are several, as an algorithm parameter of its documents: their versions by falling precedence. */
function modelsParameter(models: readonly Pick<ServedModel, 'version'>[]): string {
  return `models ${models.map(({ version }) => version).join(' ')}`;
}

/** That parameter, where there are several models. */
export function modelsParameters(models: readonly Pick<ServedModel, 'version'>[]): readonly string[] {
  return models.length > 1 ? [modelsParameter(models)] : [];
}

/** What tells the models of a result from others: the Device UID of one, or the versions of several. */
export function modelKeyOf(models: readonly Pick<ServedModel, 'version' | 'deviceUID'>[]): string {
  return models.length > 1 ? modelsParameter(models) : models[0]!.deviceUID;
}

/** The same of the models that a document names. */
export function modelKeyIn({ algorithm }: Pick<ReadReport, 'algorithm'>): string {
  return algorithm.parameters.find((one) => /^models [0-9a-f ]+$/.test(one)) ?? algorithm.deviceUID;
}

/** Device UIDs of all models that a document names. */
export function deviceUIDsIn({ algorithm, otherAlgorithms = [] }: Pick<ReadReport, 'algorithm' | 'otherAlgorithms'>): readonly string[] {
  return [algorithm, ...otherAlgorithms].map(({ deviceUID }) => deviceUID);
}

/** Version of the model that a finding of a document comes from. */
export function modelVersionOf({ algorithm: own }: ReadFinding, { algorithm, otherAlgorithms = [] }: ReadReport): string {
  const named = own && otherAlgorithms.find(({ name, version }) => name === own.name && version === own.version);
  return (named ?? algorithm).serialNumber;
}

/** The digest that the documents' names are derived from (contentDigest). */
export function contentParameter(digest: string): string {
  return `content ${digest}`;
}

/** The engine and why it was chosen. */
export function engineParameter({ name, why }: { readonly name: string; readonly why: string }): string {
  return `engine ${name}: ${why}`;
}

/** The rule that took the study. */
export function ruleParameter({ name, priority }: { readonly name: string; readonly priority: number }): string {
  return `rule ${name}, priority ${priority}`;
}

/** In place of the rule: a person has requested the analysis, and no rule takes the study. */
export const requestedParameter = 'requested, no rule';

/** The values of those parameters; a document of an earlier release may lack some. */
export function algorithmParametersOf({ parameters }: ReadReport['algorithm']): {
  readonly inputKey?: string;
  readonly content?: string;
  readonly engine?: string;
  readonly rule?: string;
  readonly priority?: number;
  readonly isRequested?: boolean;
} {
  const first = (pattern: RegExp): RegExpExecArray | undefined =>
    parameters.map((one) => pattern.exec(one)).find((one) => one !== null) ?? undefined;
  const rule = first(/^rule (.+), priority (\d+)$/);
  const inputKey = first(/^input ([0-9a-f]{32})$/)?.[1];
  const content = first(/^content ([0-9a-f]{32})$/)?.[1];
  const engine = first(/^engine (.+?): /)?.[1];
  return {
    ...(inputKey ? { inputKey } : {}),
    ...(content ? { content } : {}),
    ...(engine ? { engine } : {}),
    ...(rule ? { rule: rule[1]!, priority: Number(rule[2]) } : {}),
    ...(parameters.includes(requestedParameter) ? { isRequested: true } : {}),
  };
}

/** Whether a heat map belongs to the result of these model versions from these images. */
export function isSameHeatMap(heatMap: OwnHeatMap, inputKey: string, deviceUIDs: readonly string[]): boolean {
  return deviceUIDs.includes(heatMap.deviceUID) && heatMap.derivation.endsWith(inputParameter(inputKey));
}

/** Whether a document was made by these model versions (modelKeyOf) from these images. */
export function isSameResult({ report }: OwnDocument, inputKey: string, modelKey: string): boolean {
  return modelKeyIn(report) === modelKey && report.algorithm.parameters.includes(inputParameter(inputKey));
}
