import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../src/config.js';
import { englishMentions } from './report-mentions.js';
import { reportSentences } from './report-sentences.js';

const schema = z.array(
  z.object({
    sentence: z.string(),
    words: z.string(),
    medspacy: z.object({ negated: z.boolean() }),
    negspacy: z.object({ negated: z.boolean() }),
  }),
);

/** A mention, and whether it is negated: by hand, by our rules, by ConText of medspacy and by NegEx of negspacy. */
export interface ComparedMention {
  readonly sentence: string;
  readonly words: string;
  /** Undefined where the finding is mentioned several times: the sentences state one outcome for each finding. */
  readonly expected: boolean | undefined;
  readonly ours: boolean;
  readonly medspacy: boolean;
  readonly negspacy: boolean;
}

/** @throws Error if the golden file was made of other sentences or rules: run tests/oracles/report-text/run.sh again */
export function comparedMentions(): readonly ComparedMention[] {
  const golden = schema.parse(JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/report-text/context.json'), 'utf8')));
  const mentions = englishMentions();
  if (
    mentions.length !== golden.length ||
    mentions.some(({ sentence, words }, index) => golden[index]!.sentence !== sentence || golden[index]!.words !== words)
  )
    throw new Error('tests/fixtures/report-text/context.json was made of other mentions: run tests/oracles/report-text/run.sh');
  const texts = [...reportSentences('sentences-en'), ...reportSentences('later-en')];
  return mentions.map(({ sentence, words, finding, outcome }, index) => {
    const of = texts.find(({ text }) => text.replace(/\s+/g, ' ').includes(sentence));
    const isOnly = mentions.filter((one) => one.finding === finding && of?.text.replace(/\s+/g, ' ').includes(one.sentence)).length === 1;
    return {
      sentence,
      words,
      expected: of && isOnly ? of.is[finding] === 'absent' : undefined,
      ours: outcome === 'absent',
      medspacy: golden[index]!.medspacy.negated,
      negspacy: golden[index]!.negspacy.negated,
    };
  });
}
