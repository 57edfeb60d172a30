import type { FindingMention } from '../../src/report-text/read-findings.js';
import { reportSentences, shippedReader } from './report-sentences.js';

/** Places of the English sentences where a term of a finding stands, as the rules read them; whole statements ("lungs are clear") are none. */
export function englishMentions(): readonly FindingMention[] {
  const read = shippedReader();
  return [...reportSentences('sentences-en'), ...reportSentences('later-en')].flatMap(({ text }) =>
    read(text).flatMap(({ mentions }) =>
      mentions.filter(({ reason }) => ['stated', 'negation', 'uncertainty', 'not-now'].includes(reason)),
    ),
  );
}
