import { comparedMentions } from '../support/report-oracle.js';
import { compareSentences, reportSentences, sentenceSets, shippedReader } from '../support/report-sentences.js';

const percentOf = (part: number, of: number): string => `${part} of ${of} (${((100 * part) / of).toFixed(1)} %)`;

/** How well the shipped rules read the hand-written sentences, beside ConText (medspacy) and NegEx (negspacy), and how long a report takes. */
export async function bench(): Promise<void> {
  const read = shippedReader();
  for (const set of sentenceSets) {
    const { texts, rightTexts, statements, wrong } = compareSentences(reportSentences(set), read);
    console.log(`${set}: statements ${percentOf(statements - wrong.length, statements)}, whole texts ${percentOf(rightTexts, texts)}`);
    for (const { text, finding, expected, found } of wrong)
      console.log(`  ${finding} is ${expected}, read as ${found}: ${text.replace(/\s+/g, ' ')}`);
  }
  const mentions = comparedMentions();
  const decided = mentions.filter(({ expected }) => expected !== undefined);
  for (const who of ['ours', 'medspacy', 'negspacy'] as const)
    console.log(
      `negated or not, English mentions, ${who}: right ${percentOf(decided.filter((one) => one[who] === one.expected).length, decided.length)}`,
    );
  const agreed = mentions.filter(({ medspacy, negspacy }) => medspacy === negspacy);
  console.log(
    `where medspacy and negspacy agree, ours agrees: ${percentOf(agreed.filter((one) => one.ours === one.medspacy).length, agreed.length)}`,
  );
  const report = reportSentences('later-de')[0]!.text.repeat(4);
  const from = performance.now();
  for (let index = 0; index < 50; index++) read(report);
  console.log(`a report of ${report.length} characters: ${((performance.now() - from) / 50).toFixed(1)} ms`);
  const long = 'Kein Erguss, keine Infiltrate und no pneumothorax '.repeat(1_200);
  const begun = performance.now();
  read(long);
  console.log(`a text of ${long.length} characters without a full stop: ${(performance.now() - begun).toFixed(0)} ms`);
}
