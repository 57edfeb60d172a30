/**
 * Writes each place of the English sentences where a finding is mentioned, for the oracle: `node dist/tests/oracles/report-text/write-mentions.js FILE`.
 * The words come from our rules; what they mean there is the oracle's decision.
 */
import { writeFileSync } from 'node:fs';
import { englishMentions } from '../../support/report-mentions.js';

writeFileSync(process.argv[2]!, JSON.stringify(englishMentions().map(({ sentence, words }) => ({ sentence, words }))));
