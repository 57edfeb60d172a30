import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { loadConfig } from '../config.js';
import { asFault, Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { readMessage } from '../hl7/read-message.js';
import { receivedText } from '../hl7/received-text.js';
import { reportsIn } from '../radiology-reports/read-oru.js';
import { findingsReader, type TextFinding } from '../report-text/read-findings.js';
import { loadReportRules } from '../report-text/rules.js';

/** `reports try`: what the rules read in a text, and why. Nothing is stored or sent. */
export async function tryReport(
  file: string,
  options: { readonly rules?: string; readonly all: boolean; readonly json: boolean },
): Promise<void> {
  const config = loadConfig();
  const rules = loadReportRules(
    options.rules ?? config.radiologyReports.rulesFile,
    Object.keys(loadFindings(config.findingsFile).findings),
  );
  const findings = findingsReader(rules)(await reportText(file, config.radiologyReports.hl7?.accessionNumber ?? []));
  const shown = findings.filter(({ outcome, mentions }) => options.all || outcome !== 'not-mentioned' || mentions.length > 0);
  if (options.json) for (const one of shown) console.log(JSON.stringify(one));
  else if (shown.length === 0) console.log('No finding of the rules is mentioned.');
  else for (const one of shown) console.log(linesOf(one).join('\n'));
}

/** A text file, or an HL7 message with a report. UTF-8, else Windows-1252. */
async function reportText(file: string, accessionNumber: readonly string[]): Promise<string> {
  const bytes =
    file === '-'
      ? Buffer.from(await readAll(process.stdin))
      : await readFile(file).catch((error: unknown) => {
          throw asFault(error, 'request-invalid', { source: file });
        });
  const { text, decode } = receivedText(bytes);
  if (!text.startsWith('MSH')) return text;
  const message = readMessage(text, decode);
  const reports = message ? reportsIn(message, accessionNumber) : [];
  if (reports.length === 0)
    throw new Fault('request-invalid', 'expected an HL7 message with a final report, found one without', { source: file });
  return reports.map((one) => one.text).join('\f');
}

function linesOf({ name, outcome, because, mentions }: TextFinding): readonly string[] {
  const why =
    typeof because === 'object'
      ? ` (includes ${because.includes})`
      : ({ mentions: '', nothing: '', 'normal-statement': ' (a normal statement)', rule: ' (notMentioned of its rule)' } as const)[because];
  return [
    `${name}: ${outcome}${why}`,
    ...mentions.map(
      ({ words, outcome: counts, reason, cue, section, sentence }) =>
        `  "${words}" ${counts}, ${reason}${cue === undefined ? '' : ` "${cue}"`}${section === undefined ? '' : `, section ${section}`}: ${sentence.slice(0, 160)}`,
    ),
  ];
}
