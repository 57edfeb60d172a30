import {
  bundleAddress,
  collectionBundle,
  createOrReplace,
  createUnlessThere,
  searchsetBundle,
  transactionBundle,
  type Prepared,
} from '../fhir/bundle.js';
import { codeableConcept, hl7Concept, uidIdentifier } from '../fhir/coding.js';
import type { Bundle, BundleEntry, Device, DiagnosticReport, FindingObservation, Identifier, Meta, Reference } from '../fhir/data-types.js';
import { fhirString, narrative } from '../fhir/narrative.js';
import { fhirDateTime } from '../fhir/time.js';
import { codes } from '../sr/codes.js';
import { decisionCodes, notice } from '../sr/wording.js';
import type { MessageFinding, ResultMessage } from './ports.js';
import { percentWithoutThresholds } from '../sr/wording.js';
import { resultSentences, timeWithOffset } from './result-text.js';

/*
 * A result as FHIR R4 resources; docs/guide/fhir.md describes each element.
 *
 * A server has one DiagnosticReport of this software for each study and one Observation for each finding of it, known by the identifiers
 * below: a repetition writes the same ones again, and a correction replaces them.
 */

/** System of the identifier of a study's report, whose value is the Study Instance UID. */
const reportSystem = 'urn:uuid:5b0d9b0e-6f0a-4c3b-8a9e-2f6f1f0c7d11';
/** System of the identifier of a finding's Observation: Study Instance UID, "/", finding. */
const findingSystem = 'urn:uuid:5b0d9b0e-6f0a-4c3b-8a9e-2f6f1f0c7d12';
/** System of the identifier that all Observations of a study share. */
export const studyFindingsSystem = 'urn:uuid:5b0d9b0e-6f0a-4c3b-8a9e-2f6f1f0c7d13';

interface Prepares {
  readonly report: Prepared<DiagnosticReport>;
  readonly observations: readonly Prepared<FindingObservation>[];
  readonly device: Prepared<Device>;
}

/**
 * The result as a bundle to be read: for `GET /api/studies/UID/fhir`.
 *
 * @param selfUrl the address that was asked: then the bundle is the answer to a search, with the DiagnosticReport as its match and the
 * other resources included; without it, a collection
 */
export function fhirBundleOf(message: ResultMessage, selfUrl?: string): Bundle {
  const { report, observations, device } = prepare(message);
  const entries = [report, ...observations, device];
  return selfUrl === undefined ? collectionBundle(entries, message.writtenAt) : searchsetBundle(entries, message.writtenAt, selfUrl);
}

/**
 * The result as a transaction that a repetition does not change.
 * @param withdrawn further entries: findings of the result that this one replaces
 */
export function fhirTransaction(message: ResultMessage, withdrawn: readonly BundleEntry[] = []): Bundle {
  const { report, observations, device } = prepare(message);
  return transactionBundle([report, ...observations, device, ...withdrawn]);
}

/** Identifiers of the Observations that a message writes. */
export function findingIdentifiers(message: ResultMessage): ReadonlySet<string> {
  return new Set(message.result.findings.map((finding) => findingKey(finding, message)));
}

/** The identifier by which `findingIdentifiers` names an Observation that a server returned. */
export function findingIdentifierOf(identifiers: unknown): string | undefined {
  const all = (Array.isArray(identifiers) ? identifiers : []) as readonly Partial<Identifier>[];
  return all.find((one) => one?.system === findingSystem)?.value;
}

function prepare(message: ResultMessage): Prepares {
  const device = prepareDevice(message);
  const observations = message.result.findings.map((finding) => prepareObservation(finding, message, device.fullUrl));
  return { device, observations, report: prepareReport(message, observations) };
}

/** The trained model. Its UID never changes its meaning, so that a server's Device of this UID stays as it is. */
function prepareDevice(message: ResultMessage): Prepared<Device> {
  const { manufacturer, name, version, deviceUID } = message.result.model;
  const identifier = uidIdentifier(deviceUID);
  return {
    fullUrl: bundleAddress(`device ${deviceUID}`),
    resource: {
      resourceType: 'Device',
      ...testMeta(message),
      text: narrative([`${name}, version ${version} (${manufacturer})`]),
      identifier: [identifier],
      manufacturer: fhirString(manufacturer),
      deviceName: [{ name: fhirString(name), type: 'model-name' }],
      version: [{ value: fhirString(version) }],
    },
    request: createUnlessThere('Device', identifier.system!, identifier.value),
  };
}

function prepareObservation(finding: MessageFinding, message: ResultMessage, device: string): Prepared<FindingObservation> {
  const { concept, site, decision, wording, modelVersion } = finding;
  const { study, result } = message;
  const key = findingKey(finding, message);
  return {
    fullUrl: bundleAddress(`finding ${key}`),
    resource: {
      resourceType: 'Observation',
      ...testMeta(message),
      text: narrative([notice, `${decisionCodes[decision].meaning}, ${percentWithoutThresholds(finding)} %: ${wording}.`]),
      identifier: [
        { system: findingSystem, value: key },
        { system: studyFindingsSystem, value: study.studyInstanceUID },
      ],
      ...order(message),
      // "Incomplete or unverified" (FHIR R4, observation-status).
      status: 'preliminary',
      category: [hl7Concept('observation-category', 'imaging', 'Imaging')],
      code: codeableConcept(concept),
      ...subject(message),
      ...observed(message),
      issued: result.createdAt.toISOString(),
      valueCodeableConcept: codeableConcept(decisionCodes[decision]),
      note: [{ text: notice }],
      ...(site ? { bodySite: codeableConcept(site) } : {}),
      device: { reference: device },
      derivedFrom: [imagingStudy(message)],
      component: [
        {
          code: codeableConcept(codes.probability),
          valueQuantity: { value: Number(percentWithoutThresholds(finding)), unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
        },
        ...(modelVersion === undefined ? [] : [{ code: codeableConcept(codes.algorithmVersion), valueString: fhirString(modelVersion) }]),
      ],
    },
    request: createOrReplace('Observation', findingSystem, key),
  };
}

function prepareReport(message: ResultMessage, observations: readonly Prepared<FindingObservation>[]): Prepared<DiagnosticReport> {
  const { study, result, pageUrl } = message;
  const sentences = resultSentences(message);
  return {
    fullUrl: bundleAddress(`report ${study.studyInstanceUID}`),
    resource: {
      resourceType: 'DiagnosticReport',
      ...testMeta(message),
      text: narrative(sentences),
      identifier: [{ use: 'official', system: reportSystem, value: study.studyInstanceUID }, uidIdentifier(result.resultId)],
      ...order(message),
      // "May be incomplete or unverified"; preliminary would say that it is verified (FHIR R4, diagnostic-report-status).
      status: result.outcome === 'reported' ? 'partial' : 'cancelled',
      category: [hl7Concept('v2-0074', 'RAD', 'Radiology')],
      code: codeableConcept(study.procedure),
      ...subject(message),
      ...observed(message),
      issued: result.createdAt.toISOString(),
      ...(observations.length === 0 ? {} : { result: observations.map(({ fullUrl }) => ({ reference: fullUrl })) }),
      imagingStudy: [imagingStudy(message)],
      conclusion: sentences.map(fhirString).join('\n'),
      ...(pageUrl === undefined
        ? {}
        : { presentedForm: [{ contentType: 'text/html', url: pageUrl, title: 'Software result with its images' }] }),
    },
    request: createOrReplace('DiagnosticReport', reportSystem, study.studyInstanceUID),
  };
}

/** Of two models that report one finding, each has its own Observation. */
function findingKey({ name, modelVersion }: MessageFinding, { study, result }: ResultMessage): string {
  const isShared = result.findings.filter((one) => one.name === name).length > 1;
  return `${study.studyInstanceUID}/${name}${isShared && modelVersion !== undefined ? `/${modelVersion}` : ''}`;
}

/** Logical references to the order, one for each number of it that the images state. */
function order({ study }: ResultMessage): { readonly basedOn?: readonly Reference[] } {
  const numbers = [
    ['ACSN', 'Accession ID', study.accessionNumber],
    ['PLAC', 'Placer Identifier', study.placerOrderNumber],
    ['FILL', 'Filler Identifier', study.fillerOrderNumber],
  ] as const;
  const references = numbers.flatMap(([code, display, value]) =>
    value === undefined
      ? []
      : [{ type: 'ServiceRequest', identifier: { type: hl7Concept('v2-0203', code, display), value: fhirString(value) } }],
  );
  return references.length === 0 ? {} : { basedOn: references };
}

/** A logical reference to the patient, of what the channel may carry: Patient ID and name. */
function subject({ study }: ResultMessage): { readonly subject?: Reference } {
  const { id, issuer, name } = study.patient;
  if (id === undefined && name === undefined) return {};
  const isOid = issuer !== undefined && /^[0-2](\.\d+)+$/.test(issuer);
  const identifier: Identifier | undefined =
    id === undefined
      ? undefined
      : {
          type: hl7Concept('v2-0203', 'MR', 'Medical record number'),
          ...(isOid ? { system: `urn:oid:${issuer}` } : {}),
          value: fhirString(id),
          ...(issuer === undefined || isOid ? {} : { assigner: { display: fhirString(issuer) } }),
        };
  return {
    subject: { type: 'Patient', ...(identifier ? { identifier } : {}), ...(name === undefined ? {} : { display: displayName(name) }) },
  };
}

/** "Family, Given Middle" of the first group of a DICOM name. */
function displayName(name: string): string {
  const [family = '', given = '', middle = ''] = (name.split('=').find((group) => group !== '') ?? '').split('^');
  const first = [given, middle].filter((part) => part !== '').join(' ');
  return fhirString([family, first].filter((part) => part !== '').join(', '));
}

function observed({ study }: ResultMessage): { readonly effectiveDateTime?: string } {
  const moment = fhirDateTime(study.date, timeWithOffset(study));
  return moment === undefined ? {} : { effectiveDateTime: moment };
}

function imagingStudy({ study }: ResultMessage): Reference {
  return { type: 'ImagingStudy', identifier: uidIdentifier(study.studyInstanceUID, 'urn:dicom:uid') };
}

/** Test data carry the security label HTEST. */
function testMeta({ isTest }: ResultMessage): { readonly meta?: Meta } {
  if (!isTest) return {};
  return {
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST', display: 'test health data' }] },
  };
}
