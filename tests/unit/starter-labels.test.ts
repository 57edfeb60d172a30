import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasStatements, starterLabelList } from '../../src/commands/starter-labels.js';
import { loadConfig } from '../../src/config.js';
import { readMetadataCsv } from '../../src/dataset/metadata-csv.js';
import { statementsOf } from '../../src/dataset/row-statements.js';
import { truthsOf } from '../../src/evaluation/truth.js';
import { loadFindings } from '../../src/findings-config.js';
import { temporaryDirectory } from '../support/orthanc.js';

const rules = loadFindings(loadConfig({}).findingsFile).findings;
const classes = ['abnormal', 'opacity', 'pneumothorax', 'lung-nodule-or-mass', 'pleural-effusion', 'covid-19'];

/** Truth and origin of each class by file name. */
async function truths(set: string, metadata: string, official = ''): Promise<Record<string, readonly string[]>> {
  const data = temporaryDirectory('labels');
  for (const folder of [set, 'nih-official-labels']) mkdirSync(join(data, folder));
  writeFileSync(join(data, set, 'metadata.csv'), metadata);
  if (official !== '') writeFileSync(join(data, 'nih-official-labels', 'labels.csv'), official);
  const { rows } = readMetadataCsv(Buffer.from(await starterLabelList(data, set)), 'list');
  return Object.fromEntries(
    rows.map((row) => [
      row.filename,
      truthsOf(statementsOf(row, 'several', 'list')!, classes, rules).map(({ truth, origin }) => `${truth ?? '?'} ${origin ?? '-'}`),
    ]),
  );
}

describe('labels of the published sets', () => {
  test('NIH: radiologists overrule text mining, adjudicated labels overrule both, and COVID-19 is absent', async () => {
    const columns = 'set,filename,Patientid,finding,view,age,rsna_class,google_airspace_opacity,google_nodule_or_mass,google_pneumothorax';
    const list =
      'Patientid,finding,view,filename\n1,Pneumonia,PA/AP,a.png\n2,Pneumonia,PA/AP,b.png\n3,No Finding,PA/AP,c.png\n4,Nodule,PA/AP,d.png\n';
    const official = [
      columns,
      'nih-chest-xray-sample,a.png,1,Pneumonia|Effusion,AP,50,Normal,,,',
      'nih-chest-xray-sample,b.png,2,Pneumonia,PA,51,Lung Opacity,,,',
      'nih-chest-xray-sample,c.png,3,No Finding,PA,52,No Lung Opacity / Not Normal,,,',
      'nih-chest-xray-sample,d.png,4,Nodule,AP,53,,NO,NO,YES',
    ].join('\n');
    assert.deepEqual(await truths('nih-chest-xray-sample', list, official), {
      'a.png': ['0 radiologist', '0 radiologist', '0 radiologist', '0 radiologist', '0 radiologist', '0 radiologist'],
      'b.png': ['1 radiologist', '1 radiologist', '0 report', '0 report', '0 report', '0 -'],
      'c.png': ['1 radiologist', '0 radiologist', '0 mined', '0 mined', '0 mined', '0 radiologist'],
      'd.png': ['1 adjudicated', '0 adjudicated', '1 adjudicated', '0 adjudicated', '0 report', '0 adjudicated'],
    });
  });

  test('what nobody stated is unknown: tuberculosis is abnormal and says nothing of an effusion; a diagnosis counts least', async () => {
    const head = 'Patientid,finding,view,filename\n';
    assert.deepEqual(await truths('shenzhen-tb', `${head}1,Tuberculosis,PA,a.png\n2,No Finding,PA,b.png\n`), {
      'a.png': ['1 radiologist', '? -', '? -', '? -', '? -', '0 -'],
      'b.png': Array.from(classes, () => '0 radiologist'),
    });
    assert.deepEqual(await truths('hannover-mhh', `${head}1,COVID-19,AP,a.png\n`), {
      'a.png': ['1 report', '1 report', '? -', '? -', '? -', '1 report'],
    });
    assert.deepEqual(await truths('covid-chestxray-2020-06', `${head}1,Lipoid,PA,a.png\n`), {
      'a.png': ['1 report', '? -', '? -', '? -', '? -', '0 report'],
    });
  });

  test('other sets are imported as their list says', () => {
    assert.equal(hasStatements('some-hospital'), false);
    assert.equal(hasStatements('jsrt'), true);
  });
});
