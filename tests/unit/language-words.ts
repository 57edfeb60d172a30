/**
 * Words that only this project used, with the word of the field that takes their place. A word is looked for in text and in identifiers:
 * `runNight`, `night-train`, `NIGHT_PLAN` and "the night" all contain the word "night".
 */
export interface PrivateWord {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Folders in which the word is looked for; everywhere if absent. */
  readonly onlyIn?: RegExp;
  /** Looked for in the line as it is written, not after its identifiers were split. */
  readonly asWritten?: boolean;
}

/** A pattern for whole words in text that was split at the humps of its identifiers. */
const word = (name: string, forms: string, instead: string, onlyIn?: RegExp): PrivateWord => ({
  name,
  pattern: new RegExp(`\\b(?:${forms})\\b`, 'gi'),
  instead,
  ...(onlyIn ? { onlyIn } : {}),
});

/** A pattern for identifiers and file names as they are written. */
const identifier = (name: string, pattern: RegExp, instead: string, onlyIn?: RegExp): PrivateWord => ({
  name,
  pattern,
  instead,
  asWritten: true,
  ...(onlyIn ? { onlyIn } : {}),
});

const code = /^(?:src|scripts)\//;

export const privateWords: readonly PrivateWord[] = [
  word('verdict', 'verdicts?', 'assessment (reader), prediction (model), check (guard), verification result (audit)'),
  word('settle', 'settle[sd]?|settling', 'study intake, ready, adjudicate'),
  word('deed', 'deeds?', 'action'),
  identifier('actor', /\b(?:doneBy|whoAsks)\b/, 'actorOf, identify'),
  word('judge', 'judge[sd]?|judging|judgements?', 'predict, classify, evaluate, assess'),
  word('night', 'nights?', 'retraining run; "nightly" only of the default schedule'),
  word('keep result', 'keep (?:result|only|verdict|assessment)', 'index, persist, prune'),
  word('let go', 'let go|lets go', 'release'),
  identifier('bury', /\bbury\b/, 'onExit'),
  identifier('give up', /\bgiveUp\b/, 'onTimeout'),
  word('in hand', 'in hand|hand(?= \\.)', 'active, in progress, context'),
  word('said', 'said|says the same|shows the same', 'statement, existing, isSame…'),
  word('whence', 'whence', 'origin, source'),
  word('mend', 'mend(?:s|ed|ing)?', 'fix'),
  word('pulse', 'pulses?', 'change token'),
  word('journey', 'journeys?', 'authorization request'),
  identifier('asked', /\bAsked\b|\basked[(A-Z]|[a-z]Asked\b/, 'query boundary, requested', code),
  word(
    'strangers',
    'strangers?|newcomers?|nobody unknown|by another door',
    'unauthenticated requests, users who must change their password',
  ),
  identifier('pass on', /PassOn|passOn|pass-on/, 'DICOMweb proxy'),
  identifier('answer upload', /answer-upload|UploadAnswers?|answerUpload|api\/answer\b|pageAnswer|page-answer/, 'analyze'),
  word('surroundings', 'surroundings', 'dependencies, infrastructure'),
  word('parked', 'park(?:s|ed|ing)?|waits for a person', 'failed jobs, needs attention'),
  word('in service', '(?:put |puts |goes |go )?in service|at rest', 'deployed, active, idle'),
  word('astray', 'astray', 'diverged'),
  word('troubles', 'troubles|hostile (?:files?|dicom)', 'injected faults, malformed files'),
  identifier('superlative', /\b(?:least|most|fewest|widest|deepest|shortest)[A-Z]\w*/, 'min…, max…'),
  identifier('tools', /\btools\.|[a-z]Tools\b/, 'ports: one name for each part', /^src\//),
];

/** Text in which the humps, hyphens and underscores of identifiers are blanks, so that a word inside an identifier is a word. */
export function splitIdentifiers(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_/-]/g, ' ');
}
