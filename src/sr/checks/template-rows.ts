import type { CodedConcept } from '../../dicom/code.js';
import { codes } from '../codes.js';
import type { Relationship } from '../content-item.js';

/**
 * The rows of PS3.16 that our documents use, in the order of the standard: value type, concept name, relationship to the
 * parent, requirement type and value set of each. Rows that we never write are left out, so that an item of theirs is
 * reported as not being in the template.
 */
export interface TemplateRow {
  /** "TID 1501 row 6". */
  readonly row: string;
  readonly valueType: string;
  /** One of these names; absent where the template takes any name, or none. */
  readonly names?: readonly CodedConcept[];
  readonly relationship: Relationship;
  /** Mandatory; user option; our extension of an extensible template. */
  readonly requirement: 'M' | 'U' | 'extension';
  /** Items at most; absent for any number. */
  readonly max?: number;
  /** Defined context group or enumerated value. */
  readonly values?: readonly CodedConcept[];
  readonly units?: readonly CodedConcept[];
  readonly rows?: readonly TemplateRow[];
  /** The rows below are an include of user option: all of them may be missing. */
  readonly optionalRows?: true;
}

export interface Template {
  readonly title: readonly CodedConcept[];
  readonly rows: readonly TemplateRow[];
}

const u = (
  row: string,
  valueType: string,
  relationship: Relationship,
  names: readonly CodedConcept[] | undefined,
  more: Partial<TemplateRow> = {},
): TemplateRow => ({ row, valueType, relationship, requirement: 'U', ...(names ? { names } : {}), ...more });
const m = (
  row: string,
  valueType: string,
  relationship: Relationship,
  names: readonly CodedConcept[] | undefined,
  more: Partial<TemplateRow> = {},
): TemplateRow => u(row, valueType, relationship, names, { max: 1, ...more, requirement: 'M' });
const own = (
  valueType: string,
  relationship: Relationship,
  names: readonly CodedConcept[] | undefined,
  more: Partial<TemplateRow> = {},
): TemplateRow => u('extension', valueType, relationship, names, { ...more, requirement: 'extension' });

const decisions = [codes.present, codes.absent, codes.undetermined];

/** TID 1204. */
const language = m('TID 1204 row 1', 'CODE', 'HAS CONCEPT MOD', [codes.language], { values: [codes.english] });

/** TID 1001, 1002, 1004. */
const deviceObserver: readonly TemplateRow[] = [
  m('TID 1002 row 1', 'CODE', 'HAS OBS CONTEXT', [codes.observerType], { values: [codes.device] }),
  m('TID 1004 row 1', 'UIDREF', 'HAS OBS CONTEXT', [codes.deviceObserverUid]),
  u('TID 1004 row 2', 'TEXT', 'HAS OBS CONTEXT', [codes.deviceObserverName], { max: 1 }),
  u('TID 1004 row 3', 'TEXT', 'HAS OBS CONTEXT', [codes.deviceObserverManufacturer], { max: 1 }),
  u('TID 1004 row 4', 'TEXT', 'HAS OBS CONTEXT', [codes.deviceObserverModelName], { max: 1 }),
  u('TID 1004 row 5', 'TEXT', 'HAS OBS CONTEXT', [codes.deviceObserverSerialNumber], { max: 1 }),
];

/** TID 1001, 1002, 1003. */
const personObserver: readonly TemplateRow[] = [
  m('TID 1002 row 1', 'CODE', 'HAS OBS CONTEXT', [codes.observerType], { values: [codes.person] }),
  m('TID 1003 row 1', 'PNAME', 'HAS OBS CONTEXT', [codes.personObserverName]),
  u('TID 1003 row 1a', 'TEXT', 'HAS OBS CONTEXT', [codes.personObserverLoginName], { max: 1 }),
];

/** TID 4019; an include, so the relationship is that of the invoking row. */
const algorithm = (relationship: Relationship): readonly TemplateRow[] => [
  m('TID 4019 row 1', 'TEXT', relationship, [codes.algorithmName]),
  m('TID 4019 row 2', 'TEXT', relationship, [codes.algorithmVersion]),
  u('TID 4019 row 3', 'TEXT', relationship, [codes.algorithmParameters]),
  u('TID 4019 row 4', 'CODE', relationship, [codes.algorithmFamily], { max: 1, values: [codes.artificialIntelligence] }),
];

const procedure = (row: string): TemplateRow => u(row, 'CODE', 'HAS CONCEPT MOD', [codes.procedureReported]);

const tracking = (template: string): readonly TemplateRow[] => [
  m(`${template} row 2`, 'TEXT', 'HAS OBS CONTEXT', [codes.trackingIdentifier]),
  m(`${template} row 3`, 'UIDREF', 'HAS OBS CONTEXT', [codes.trackingUniqueIdentifier]),
  m(`${template} row 3b`, 'CODE', 'CONTAINS', [codes.finding]),
];

const findingSite = (template: string, site: string, laterality: string): TemplateRow =>
  u(`${template} row ${site}`, 'CODE', 'HAS CONCEPT MOD', [codes.findingSite], {
    rows: [
      u(`${template} row ${laterality}`, 'CODE', 'HAS CONCEPT MOD', [codes.laterality], { max: 1, values: [codes.left, codes.right] }),
    ],
  });

/** TID 300 with TID 320: the number, and where it was taken from. Older documents have the certainty as its name. */
const probabilityNames = [codes.probability, codes.certaintyOfFinding];
const probabilityBelow = (row: string): TemplateRow =>
  m(row, 'NUM', 'CONTAINS', probabilityNames, {
    units: [codes.percent],
    rows: [
      u('TID 320 row 3', 'SCOORD', 'INFERRED FROM', undefined, { max: 1, rows: [m('TID 320 row 4', 'IMAGE', 'SELECTED FROM', undefined)] }),
    ],
  });

const evaluationAndComment: readonly TemplateRow[] = [
  own('CODE', 'CONTAINS', undefined, { max: 1, values: decisions }),
  own('TEXT', 'CONTAINS', [codes.comment], { max: 1 }),
];

/** By Template Identifier; groups of TID 1500 are looked up by their own. */
export const groupTemplates: Readonly<Record<string, readonly TemplateRow[]>> = {
  '1501': [
    ...tracking('TID 1501'),
    findingSite('TID 1501', '6', '7'),
    ...algorithm('HAS CONCEPT MOD'),
    probabilityBelow('TID 300 row 1'),
    ...evaluationAndComment,
    u('TID 1501 row 10b', 'IMAGE', 'CONTAINS', undefined),
  ],
  '1410': [
    ...tracking('TID 1410'),
    m('TID 1410 row 5', 'SCOORD', 'CONTAINS', [codes.imageRegion], { rows: [m('TID 1410 row 6', 'IMAGE', 'SELECTED FROM', undefined)] }),
    findingSite('TID 1419', '2', '3'),
    // TID 1419 has the algorithm below each number; highdicom writes and looks for it in the group.
    ...algorithm('HAS CONCEPT MOD'),
    m('TID 1419 row 5', 'NUM', 'CONTAINS', probabilityNames, { units: [codes.percent] }),
    ...evaluationAndComment,
  ],
};

const descriptors: readonly TemplateRow[] = [
  m('TID 1602 row 1', 'CODE', 'HAS ACQ CONTEXT', [codes.modality], {
    values: [
      codes.computedRadiography,
      codes.digitalRadiography,
      codes.radiographicImaging,
      codes.radiofluoroscopy,
      codes.computedTomography,
    ],
  }),
  u('TID 1602 row 4', 'DATE', 'HAS ACQ CONTEXT', [codes.studyDate], { max: 1 }),
  u('TID 1602 row 5', 'TIME', 'HAS ACQ CONTEXT', [codes.studyTime], { max: 1 }),
  u('TID 1602 row 6', 'DATE', 'HAS ACQ CONTEXT', [codes.contentDate], { max: 1 }),
  u('TID 1602 row 7', 'TIME', 'HAS ACQ CONTEXT', [codes.contentTime], { max: 1 }),
  u('TID 1602 row 8', 'DATE', 'HAS ACQ CONTEXT', [codes.acquisitionDate], { max: 1 }),
  u('TID 1602 row 9', 'TIME', 'HAS ACQ CONTEXT', [codes.acquisitionTime], { max: 1 }),
  u('TID 1602 row 10', 'UIDREF', 'HAS ACQ CONTEXT', [codes.frameOfReferenceUid], { max: 1 }),
  u('TID 1602 row 11', 'NUM', 'HAS ACQ CONTEXT', [codes.pixelDataRows], { max: 1, units: [codes.pixels] }),
  u('TID 1602 row 12', 'NUM', 'HAS ACQ CONTEXT', [codes.pixelDataColumns], { max: 1, units: [codes.pixels] }),
];

const imageLibrary = u('TID 1600 row 1', 'CONTAINER', 'CONTAINS', [codes.imageLibrary], {
  max: 1,
  rows: [
    u('TID 1600 row 2', 'CONTAINER', 'CONTAINS', [codes.imageLibraryGroup], {
      rows: [u('TID 1601 row 1', 'IMAGE', 'CONTAINS', undefined, { rows: descriptors, optionalRows: true })],
    }),
  ],
});

/** Image purposes of CID 7003 below a number or a text. */
const sources = own('IMAGE', 'INFERRED FROM', [codes.sourceOfMeasurement]);

/** By mapping resource and Template Identifier of the root. */
export const rootTemplates: Readonly<Record<string, Template>> = {
  'DCMR 1500': {
    title: [codes.imagingMeasurementReport],
    rows: [
      language,
      ...deviceObserver,
      procedure('TID 1500 row 4'),
      imageLibrary,
      u('TID 1500 row 6', 'CONTAINER', 'CONTAINS', [codes.imagingMeasurements], {
        max: 1,
        rows: [m('TID 1500 rows 7 to 9', 'CONTAINER', 'CONTAINS', [codes.measurementGroup], { max: Infinity })],
      }),
      u('TID 1500 row 12', 'CONTAINER', 'CONTAINS', [codes.qualitativeEvaluations], {
        max: 1,
        rows: [
          // Row 12b: TID 4019. Its items match rows 13 and 14 as well, which take any name, so neither relationship is right.
          ...algorithm('HAS CONCEPT MOD').map(
            (one): TemplateRow => ({ ...one, row: one.row.replace('TID 4019', 'TID 1500 row 12b, TID 4019'), requirement: 'U' }),
          ),
          u('TID 1500 row 13', 'CODE', 'CONTAINS', undefined, {
            values: decisions,
            rows: [
              own('NUM', 'HAS PROPERTIES', probabilityNames, { units: [codes.percent], rows: [sources] }),
              own('TEXT', 'HAS PROPERTIES', [codes.algorithmName], { max: 1 }),
              own('TEXT', 'HAS PROPERTIES', [codes.algorithmVersion], { max: 1 }),
            ],
          }),
          u('TID 1500 row 14', 'TEXT', 'CONTAINS', undefined),
        ],
      }),
    ],
  },
  'DCMR 2000': {
    title: [codes.diagnosticImagingReport],
    rows: [
      procedure('TID 2000 row 2'),
      language,
      ...deviceObserver,
      u('TID 2000 row 6', 'CONTAINER', 'CONTAINS', [codes.summary], {
        max: 1,
        rows: [
          own('TEXT', 'CONTAINS', [codes.comment]),
          own('CODE', 'CONTAINS', [codes.summaryOfDetections], { max: 1, values: [codes.succeeded, codes.failed, codes.notAttempted] }),
          u('TID 2002 row 3', 'TEXT', 'CONTAINS', [codes.conclusion]),
          own('TEXT', 'CONTAINS', [codes.comment]),
        ],
      }),
      // Sections of one heading may repeat (VM 1-n): one for each algorithm.
      u('TID 2000 row 6', 'CONTAINER', 'CONTAINS', [codes.findings], {
        rows: [
          own('TEXT', 'CONTAINS', [codes.algorithmName], { max: 1 }),
          own('TEXT', 'CONTAINS', [codes.algorithmVersion], { max: 1 }),
          own('CODE', 'CONTAINS', undefined, { values: decisions }),
          own('NUM', 'CONTAINS', undefined, {
            units: [codes.percent],
            rows: [own('CODE', 'HAS CONCEPT MOD', [codes.finding], { max: 1 }), sources],
          }),
        ],
      }),
      u('TID 2000 row 6', 'CONTAINER', 'CONTAINS', [codes.previousFindings], {
        max: 1,
        rows: [own('TEXT', 'CONTAINS', [codes.comment], { max: 1 }), u('TID 2002 row 3', 'TEXT', 'CONTAINS', [codes.previousFinding])],
      }),
      u('TID 2000 row 6', 'CONTAINER', 'CONTAINS', [codes.currentProcedureDescriptions], {
        rows: [
          ...algorithm('CONTAINS').map((one): TemplateRow => ({ ...one, requirement: 'extension' })),
          u('TID 2002 row 3', 'TEXT', 'CONTAINS', [codes.procedureDescription], { rows: [sources] }),
        ],
      }),
    ],
  },
  '99CHESTAI 1': {
    title: [codes.assessment],
    rows: [
      language,
      ...personObserver,
      m('99CHESTAI 1 row 3', 'CONTAINER', 'CONTAINS', [codes.summary], {
        rows: [
          m('99CHESTAI 1 row 4', 'TEXT', 'CONTAINS', [codes.comment], { max: Infinity }),
          u('99CHESTAI 1 row 5', 'TEXT', 'CONTAINS', [codes.conclusion]),
          u('99CHESTAI 1 row 4', 'TEXT', 'CONTAINS', [codes.comment]),
          m('99CHESTAI 1 row 6', 'TEXT', 'CONTAINS', [codes.assessmentSource]),
          u('99CHESTAI 1 row 7', 'CODE', 'CONTAINS', [codes.adjudicatesDisagreement], { max: 1, values: [codes.yes] }),
          u('99CHESTAI 1 row 8', 'CODE', 'CONTAINS', [codes.withdrawsAssessment]),
        ],
      }),
      u('99CHESTAI 1 row 9', 'CONTAINER', 'CONTAINS', [codes.findings], {
        max: 1,
        rows: [
          m('99CHESTAI 1 row 10', 'CODE', 'CONTAINS', undefined, {
            max: Infinity,
            values: decisions,
            rows: [
              m('99CHESTAI 1 row 11', 'CODE', 'HAS PROPERTIES', [codes.comparison], {
                values: [codes.confirmed, codes.rejected, codes.corrected, codes.added],
              }),
              u('99CHESTAI 1 row 12', 'CODE', 'HAS PROPERTIES', [codes.softwareDecision], { max: 1, values: decisions }),
              u('99CHESTAI 1 row 13', 'TEXT', 'HAS PROPERTIES', [codes.comment], { max: 1 }),
              u('99CHESTAI 1 row 14', 'IMAGE', 'INFERRED FROM', [codes.sourceOfMeasurement]),
            ],
          }),
        ],
      }),
    ],
  },
};
