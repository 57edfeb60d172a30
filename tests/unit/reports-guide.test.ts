import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, projectRoot, readsReports } from '../../src/config.js';
import { readMessage } from '../../src/hl7/read-message.js';
import { receivedText } from '../../src/hl7/received-text.js';
import { reportsIn } from '../../src/radiology-reports/read-oru.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { compareSentences, reportSentences, sentenceSets, shippedReader } from '../support/report-sentences.js';
import { comparedMentions } from '../support/report-oracle.js';

/* What docs/guide/reports.md shows is run here. */

const guide = readFileSync(join(projectRoot, 'docs/guide/reports.md'), 'utf8');
const blockOf = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)![1]!;

test('the setting of the guide is accepted; without it no source is on', () => {
  const file = join(temporaryDirectory('reports-guide'), 'config.yaml');
  writeFileSync(file, blockOf('yaml'));
  const { radiologyReports: reports } = loadConfig({ CONFIG_FILE: file });
  assert.deepEqual([reports.hl7?.port, reports.fhir, reports.sr, readsReports(reports)], [2575, true, 'verified', true]);
  assert.equal(readsReports(loadConfig({}).radiologyReports), false);
});

test('the message of the guide is read as it states: not the question, but findings and impression', () => {
  const { text, decode } = receivedText(Buffer.from(blockOf('hl7').trim().replaceAll('\n', '\r')));
  const [report, ...others] = reportsIn(readMessage(text, decode)!, ['OBR-18']);
  assert.deepEqual(others, []);
  assert.deepEqual([report?.accessionNumber, report?.patients], ['ACC20260102', [{ id: '4711', issuers: ['HOSP'] }]]);
  assert.deepEqual(
    shippedReader()(report!.text)
      .filter(({ because }) => because === 'mentions')
      .map(({ name, outcome }) => [name, outcome]),
    [
      ['pneumonia', 'present'],
      ['infiltration', 'present'],
      ['pneumothorax', 'absent'],
    ],
  );
});

test('the figures of the guide are those of the sentences', () => {
  const figures = sentenceSets.map((set) => compareSentences(reportSentences(set), shippedReader()));
  const sum = (sets: typeof figures) => {
    const statements = sets.reduce((total, one) => total + one.statements, 0);
    return `${statements - sets.reduce((total, { wrong }) => total + wrong.length, 0)} of ${statements}`;
  };
  assert.ok(guide.includes(`| ${sum(figures.slice(0, 2))} |`), sum(figures.slice(0, 2)));
  assert.ok(guide.includes(`| ${sum(figures.slice(2))} (`), sum(figures.slice(2)));
  for (const [index, language] of ['English', 'German', 'English', 'German'].entries())
    assert.ok(guide.includes(`${figures[index]!.texts} ${language}`));
  const mentions = comparedMentions().filter(({ expected }) => expected !== undefined);
  const right = (who: 'ours' | 'medspacy' | 'negspacy') => mentions.filter((one) => one[who] === one.expected).length;
  assert.ok(
    guide.includes(`right in ${right('ours')} of ${mentions.length} English mentions; ConText of medspacy decides ${right('medspacy')}`),
  );
  assert.ok(guide.includes(`NegEx of negspacy ${right('negspacy')}`));
});
