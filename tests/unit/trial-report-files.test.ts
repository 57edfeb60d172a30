import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { reportHtml } from '../../src/archive/trial-report/report-html.js';
import { reportPdf } from '../../src/archive/trial-report/report-pdf.js';
import { englishTexts, germanTexts, reportLanguages, trialWordsOf, type ReportWords } from '../../src/archive/trial-report/report-texts.js';
import { share } from '../../src/archive/trial-report/report-blocks.js';
import { minGroupSize, type TrialReport } from '../../src/archive/trial-report/trial-figures.js';
import { trialReportExample } from '../support/trial-example.js';

const report = trialReportExample(150);

/** What a reader of the report must find in it, in every form. */
function mustState(words: ReportWords, { figures, sha256 }: TrialReport): readonly string[] {
  const { t } = words;
  return [
    t('notice'),
    figures.modelVersion,
    figures.rule!,
    figures.since,
    figures.until,
    sha256,
    ...figures.findings.flatMap(({ positive, prevalence, sensitivity, specificity }) =>
      [positive, prevalence, sensitivity, specificity].map((one) => share(one, words)),
    ),
    t('by.site'),
    t('by.scanner'),
    t('by.view'),
    t('by.sex'),
    t('by.age'),
    t('excludedSkipped'),
    t('excludedVanished'),
    t('smallGroup', { minGroup: minGroupSize }),
    ...figures.disagreements.map(({ studyInstanceUID }) => studyInstanceUID),
    'Dr. Example, Medical director',
    t('accepted'),
    t('otherFigures', { sha256: '000000000000' }),
  ];
}

/** As one line: a cell may be broken into several. */
function plain(text: string): string {
  return text.replace(/\s+/g, '');
}

describe('the files of a trial report', () => {
  test('English and German have the same texts, with the same values', () => {
    assert.deepEqual(Object.keys(germanTexts), Object.keys(englishTexts));
    const valuesIn = (text: string | readonly string[]): readonly string[] =>
      [text]
        .flat()
        .join(' ')
        .match(/\{\w+\}/g)
        ?.sort() ?? [];
    for (const [key, text] of Object.entries(englishTexts)) {
      const german = germanTexts[key as keyof typeof germanTexts];
      assert.deepEqual(valuesIn(german), valuesIn(text), key);
      assert.ok([german].flat().every((one) => one !== ''));
    }
  });

  for (const language of reportLanguages)
    test(`the page states every figure, loads nothing and escapes what it is given: ${language}`, () => {
      const words = trialWordsOf(language);
      const html = reportHtml(report, words, 'https://ai.example.org/');
      const text = html
        .replace(/<style>.*?<\/style>/s, '')
        .replace(/<[^>]+>/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
      for (const stated of mustState(words, report)) assert.ok(plain(text).includes(plain(stated)), stated);
      assert.ok(!text.includes('{'), 'no value is missing');
      assert.doesNotMatch(html, /<(script|link|img|iframe)\b|@import|url\(/);
      const [first] = report.figures.disagreements;
      assert.ok(html.includes(`href="https://ai.example.org/study/${first!.studyInstanceUID}"`));
      assert.ok(html.includes(`href="https://ai.example.org/viewer/viewer?StudyInstanceUIDs=${first!.studyInstanceUID}"`));
      const hostile = { ...report.signOffs[0]!, comment: '<script>alert(1)</script>', name: '"><img src=x>' };
      const escaped = reportHtml({ ...report, signOffs: [hostile] }, words);
      assert.doesNotMatch(escaped, /<script|<img/);
      assert.ok(escaped.includes('&lt;script&gt;'));
    });

  for (const language of reportLanguages)
    test(`another program reads the PDF: every figure, on numbered pages: ${language}`, async () => {
      const words = trialWordsOf(language);
      const bytes = await reportPdf(report, words, 'https://ai.example.org');
      const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0, useSystemFonts: false }).promise;
      const pages = await Promise.all(Array.from({ length: document.numPages }, (_, place) => document.getPage(place + 1)));
      const texts = await Promise.all(
        pages.map(async (page) => (await page.getTextContent()).items.map((item) => ('str' in item ? item.str : '')).join(' ')),
      );
      const text = plain(texts.join(' '));
      for (const stated of mustState(words, report)) assert.ok(text.includes(plain(stated)), stated);
      for (const [place, page] of texts.entries()) {
        assert.ok(plain(page).includes(plain(words.t('notice'))), `page ${place + 1} states what it is`);
        assert.ok(plain(page).includes(`${place + 1}/${document.numPages}`));
      }
      const links = (await Promise.all(pages.map((page) => page.getAnnotations()))).flat().map((one) => (one as { url?: string }).url);
      for (const { studyInstanceUID } of report.figures.disagreements)
        assert.ok(links.includes(`https://ai.example.org/study/${studyInstanceUID}`));
      // Nothing lies outside of its page.
      for (const page of pages) {
        const [, , width, height] = page.view as [number, number, number, number];
        for (const item of (await page.getTextContent()).items) {
          if (!('transform' in item)) continue;
          const [, , , , x, y] = item.transform as [number, number, number, number, number, number];
          assert.ok(x >= 0 && x + item.width <= width && y >= 0 && y <= height, `${item.str} at ${x}, ${y}`);
        }
      }
      const { info } = (await document.getMetadata()) as { info: { Title?: string; Language?: string } };
      assert.equal(info.Title, `${words.t('title')} ${report.figures.modelVersion}`);
      await document.destroy();
    });

  test('a report without labels, groups and sign-offs can be written too', async () => {
    const { figures } = report;
    const none = { count: 0, of: 0, value: null, interval: null, why: 'no-studies' as const };
    const empty: TrialReport = {
      ...report,
      figures: {
        ...figures,
        state: 'running',
        findings: figures.findings.map((one) => ({ ...one, prevalence: none, sensitivity: none, specificity: none })),
        groups: [],
        comparison: [],
        disagreements: [],
      },
      signOffs: [],
    };
    for (const language of reportLanguages) {
      const words = trialWordsOf(language);
      const html = reportHtml(empty, words);
      assert.ok(html.includes(words.t('noSignOff')) && html.includes(words.t('noDisagreements')));
      assert.ok(html.includes(words.t('preliminary', { unfinished: figures.studies.unfinished })));
      assert.equal((await reportPdf(empty, words)).subarray(0, 5).toString('latin1'), '%PDF-');
    }
  });
});
