import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText, parseCells } from '../dataset/csv-cells.js';
import { originRank, type LabelOrigin } from '../lib/label-origin.js';

/**
 * What each image of the published sets shows, stated as lists of images state it (docs/reference/datasets.md): present, absent, and
 * from whom. What nobody stated is unknown, never absent.
 *
 * Of every set from before December 2019 COVID-19 is absent, which no reader has to see.
 */

type Row = Readonly<Record<string, string>>;

interface Statement {
  readonly present: Readonly<Record<string, LabelOrigin>>;
  readonly absent: Readonly<Record<string, LabelOrigin | 'date'>>;
}

/**
 * NIH's text mining looked for these, each under the names on the right. Where it names others of an image, these were probably not in
 * the report: the weakest origin.
 */
const lookedFor: Readonly<Record<string, readonly string[]>> = {
  Atelectasis: ['Atelectasis'],
  Cardiomegaly: ['Cardiomegaly'],
  'Pleural effusion': ['Effusion'],
  'Lung nodule or mass': ['Nodule', 'Mass'],
  Pneumothorax: ['Pneumothorax'],
};

const rsna: Readonly<Record<string, Statement>> = {
  Normal: { present: {}, absent: { abnormal: 'radiologist' } },
  'Lung Opacity': { present: { opacity: 'radiologist' }, absent: {} },
  'No Lung Opacity / Not Normal': { present: { abnormal: 'radiologist' }, absent: { opacity: 'radiologist' } },
};

const google = {
  google_airspace_opacity: 'opacity',
  google_nodule_or_mass: 'Lung nodule or mass',
  google_pneumothorax: 'Pneumothorax',
} as const;

function nih({ finding = '', rsna_class: read = '', ...row }: Row): Statement {
  const named = finding.split('|').filter((name) => name !== 'No Finding');
  const present: Record<string, LabelOrigin> = Object.fromEntries(named.map((name) => [name, 'mined']));
  const unnamed = Object.keys(lookedFor).filter((name) => !lookedFor[name]!.some((mined) => named.includes(mined)));
  const absent: Record<string, LabelOrigin | 'date'> = {
    ...(named.length === 0 ? { abnormal: 'mined' } : {}),
    ...Object.fromEntries(unnamed.map((name) => [name, named.length === 0 ? 'mined' : 'report'])),
  };
  Object.assign(present, rsna[read]?.present);
  Object.assign(absent, rsna[read]?.absent);
  for (const [column, name] of Object.entries(google)) {
    if (row[column] === 'YES') present[name] = 'adjudicated';
    if (row[column] === 'NO') absent[name] = 'adjudicated';
  }
  return { present, absent: { ...absent, 'COVID-19': 'date' } };
}

/** Every finding of a row from one kind of reader; `No Finding` is the statement that nothing is there. */
const plain =
  (origin: LabelOrigin, alsoAbsent: Statement['absent'] = {}) =>
  ({ finding = '' }: Row): Statement => {
    const named = finding.split('|').filter((name) => name !== 'No Finding' && name !== '');
    const present = Object.fromEntries(named.map((name) => [name, origin]));
    return { present, absent: named.length === 0 ? { abnormal: origin } : alsoAbsent };
  };

const beforeCovid = { 'COVID-19': 'date' } as const;

/** Published cases: the diagnosis is of the patient (a test, a culture), the image may show little of it. */
function cases(row: Row): Statement {
  const { present, absent } = plain('report')(row);
  const isCovid = Object.keys(present).includes('COVID-19');
  // what is neither a pneumonia nor normal is still a case that was published for what it shows
  return {
    present: Object.keys(present).length > 0 ? { ...present, abnormal: 'report' } : present,
    absent: isCovid ? absent : { ...absent, 'COVID-19': 'report' },
  };
}

const statements: Readonly<Record<string, (row: Row) => Statement>> = {
  'nih-chest-xray-sample': nih,
  'nih-mixed-findings': nih,
  // two physicians graded each image, a third checked the evaluation set
  'kermany-paediatric': plain('radiologist', beforeCovid),
  // radiologists of the hospital, sick and well of one machine
  'shenzhen-tb': plain('radiologist', beforeCovid),
  // nodules confirmed by CT, and three radiologists agreed
  jsrt: plain('adjudicated', beforeCovid),
  'openist-normal': plain('radiologist'),
  'covid-radiography-normal': plain('mined'),
  'covid-radiography-covid': plain('report'),
  'covid-cxnet': plain('report'),
  'hannover-mhh': plain('report'),
  'covid-chestxray-2020-03-15': cases,
  'covid-chestxray-2020-06': cases,
};

/** Whether the labels of a set are stated here; others are imported as their list says. */
export function hasStatements(set: string): boolean {
  return Object.hasOwn(statements, set);
}

/**
 * A list of one set's images with `absent` and `origin`, as text of a CSV file. NIH's images have the findings, view and age of the
 * official list, and what RSNA's and Google's radiologists read.
 *
 * @param data the folder with a folder for each set
 */
export async function starterLabelList(data: string, set: string): Promise<string> {
  const official = await officialRows(data);
  const rows = await rowsOf(join(data, set, 'metadata.csv'));
  const state = statements[set]!;
  const lines = rows.map((row) => {
    const full = { ...row, ...official.get(`${set}/${row['filename']}`) };
    const { present, absent } = resolved(state(full));
    const origins = [...Object.entries(present), ...Object.entries(absent)].filter(([, origin]) => origin !== 'date');
    return [
      full['Patientid'],
      Object.keys(present).join('|'),
      Object.keys(absent).join('|'),
      origins.map(([name, origin]) => `${name}=${origin}`).join('|'),
      full['view'],
      full['age'],
      full['filename'],
    ];
  });
  return [['patientid', 'finding', 'absent', 'origin', 'view', 'age', 'filename'], ...lines]
    .map((cells) => cells.map((cell = '') => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\n')
    .concat('\n');
}

/** Of a finding that is stated to be both, what the more reliable reader says; neither if both count the same. */
function resolved({ present, absent }: Statement): Statement {
  const rank = (origin: LabelOrigin | 'date' | undefined): number =>
    origin === undefined ? -1 : origin === 'date' ? Infinity : originRank(origin);
  const stays = (own: Record<string, LabelOrigin | 'date'>, other: Record<string, LabelOrigin | 'date'>) =>
    Object.fromEntries(Object.entries(own).filter(([name, origin]) => rank(origin) > rank(other[name])));
  return { present: stays(present, absent) as Statement['present'], absent: stays(absent, present) };
}

async function officialRows(data: string): Promise<ReadonlyMap<string, Row>> {
  const file = join(data, 'nih-official-labels', 'labels.csv');
  if (!existsSync(file)) return new Map();
  return new Map((await rowsOf(file)).map((row) => [`${row['set']}/${row['filename']}`, row]));
}

async function rowsOf(file: string): Promise<readonly Row[]> {
  const [heading, ...rows] = parseCells(decodeText(await readFile(file)).text, file);
  return rows.map(({ cells }) => Object.fromEntries(heading!.cells.map((name, index) => [name.trim(), (cells[index] ?? '').trim()])));
}
