import { fillTemplate, type EmailPlaceholder } from '../config/email-template.js';
import type { EmailSettings } from '../config.js';
import { plainText } from '../lib/plain-text.js';
import type { MessageFinding, ResultMessage } from './ports.js';

/* What e-mails say, in the language of the channel. Findings are worded as the documents word them. */

export interface EmailText {
  readonly subject: string;
  readonly text: string;
}

/** Of the last 24 hours; numbers and codes only. */
export interface Digest {
  readonly until: Date;
  /** Results by outcome. */
  readonly outcomes: Readonly<Record<'reported' | 'skipped' | 'failed', number>>;
  /** Studies by finding that is present. */
  readonly present: Readonly<Record<string, number>>;
  /** Jobs that need attention, by queue. */
  readonly failedJobs: Readonly<Record<string, number>>;
  /** By channel: messages that wait, and that were refused. */
  readonly channels: Readonly<Record<string, { readonly waiting: number; readonly refused: number }>>;
}

const texts = {
  en: {
    notice: 'Result of software, not verified by a physician, not for diagnosis.',
    notForDiagnosis: 'not for diagnosis',
    test: 'Test message',
    testNote: 'This is a test message. All values are invented.',
    correction: 'Correction',
    correctionNote: 'This result replaces one that was sent earlier.',
    present: 'present',
    undetermined: 'undetermined',
    absent: 'absent',
    reported: 'no finding selected',
    skipped: 'study not analysed',
    failed: 'analysis failed',
    reason: 'Reason',
    study: 'Study Instance UID',
    accession: 'Accession number',
    patient: { id: 'Patient ID', name: 'Patient name', birthDate: 'Date of birth', sex: 'Sex' },
    result: 'Result of',
    model: 'Model',
    page: 'Page',
    digest: 'Daily digest',
    last24Hours: 'Last 24 hours until',
    outcomes: { reported: 'Reported', skipped: 'Not analysed', failed: 'Failed' },
    studiesWith: 'Studies with a finding present',
    needAttention: 'Failed jobs that need attention',
    messages: 'Messages',
    waiting: 'waiting',
    refused: 'refused',
    none: 'none',
  },
  de: {
    notice: 'Ergebnis einer Software, nicht ärztlich geprüft, nicht zur Diagnose.',
    notForDiagnosis: 'nicht zur Diagnose',
    test: 'Testnachricht',
    testNote: 'Dies ist eine Testnachricht. Alle Werte sind erfunden.',
    correction: 'Korrektur',
    correctionNote: 'Dieses Ergebnis ersetzt ein früher gesendetes.',
    present: 'vorhanden',
    undetermined: 'unbestimmt',
    absent: 'nicht vorhanden',
    reported: 'kein ausgewählter Befund',
    skipped: 'Studie nicht analysiert',
    failed: 'Analyse fehlgeschlagen',
    reason: 'Grund',
    study: 'Study Instance UID',
    accession: 'Accession Number',
    patient: { id: 'Patienten-ID', name: 'Patientenname', birthDate: 'Geburtsdatum', sex: 'Geschlecht' },
    result: 'Ergebnis vom',
    model: 'Modell',
    page: 'Seite',
    digest: 'Tagesübersicht',
    last24Hours: 'Letzte 24 Stunden bis',
    outcomes: { reported: 'Berichtet', skipped: 'Nicht analysiert', failed: 'Fehlgeschlagen' },
    studiesWith: 'Studien mit vorhandenem Befund',
    needAttention: 'Fehlgeschlagene Aufträge, um die sich jemand kümmern muss',
    messages: 'Nachrichten',
    waiting: 'wartend',
    refused: 'abgelehnt',
    none: 'keine',
  },
} as const;

type Language = EmailSettings['language'];

/**
 * @param templates in place of the built-in subject and text. What the message is, that it is not verified and not for diagnosis, stands
 *   before and behind them, so that no template can leave it out
 */
export function resultText(message: ResultMessage, language: Language, templates: Pick<EmailSettings, 'subject' | 'text'> = {}): EmailText {
  const { isTest, study, result, pageUrl } = message;
  const t = texts[language];
  const { outcome, findings, reason, isCorrection, model, createdAt } = result;
  const present = findings.filter(({ decision }) => decision === 'present');
  const what = present.length > 0 ? `${present.map(({ concept }) => concept.meaning).join(', ')}: ${t.present}` : t[outcome];
  const kind = [...(isTest ? [t.test] : []), ...(isCorrection ? [t.correction] : [])].map((one) => `${one}: `).join('');
  const findingLines = [
    ...(findings.length > 0 ? findings.map((one) => findingLine(one, language)) : [capital(t[outcome])]),
    ...(reason === undefined ? [] : [`${t.reason}: ${reason}`]),
  ];
  const values: Readonly<Partial<Record<EmailPlaceholder, string | undefined>>> = {
    outcome: t.outcomes[outcome],
    accessionNumber: study.accessionNumber,
    studyInstanceUID: study.studyInstanceUID,
    resultTime: momentIn(createdAt, language),
    model: `${model.name} ${model.version}`,
    page: pageUrl,
    patientId: study.patient.id,
    patientName: study.patient.name,
    patientBirthDate: study.patient.birthDate,
    patientSex: study.patient.sex,
  };
  const subject =
    templates.subject === undefined ? `Chest AI: ${kind}${what}` : `${kind}${fill(templates.subject, { ...values, findings: what })}`;
  return {
    subject: `${plainText(subject, maxSubject)} (${t.notForDiagnosis})`,
    text: lines(
      t.notice,
      isTest && t.testNote,
      isCorrection && t.correctionNote,
      '',
      ...(templates.text === undefined
        ? builtInText(message, language, findingLines)
        : [fill(templates.text, { ...values, findings: findingLines.join('\n') })]),
    ),
  };
}

/** Of the subject; the built-in ones are shorter. */
const maxSubject = 300;

function builtInText(
  { study, result, pageUrl }: ResultMessage,
  language: Language,
  findingLines: readonly string[],
): readonly (string | false)[] {
  const t = texts[language];
  return [
    ...findingLines,
    '',
    study.accessionNumber !== undefined && `${t.accession}: ${study.accessionNumber}`,
    `${t.study}: ${study.studyInstanceUID}`,
    ...(['id', 'name', 'birthDate', 'sex'] as const).map(
      (attribute) => study.patient[attribute] !== undefined && `${t.patient[attribute]}: ${study.patient[attribute]}`,
    ),
    `${t.result}: ${momentIn(result.createdAt, language)}`,
    `${t.model}: ${result.model.name} ${result.model.version}`,
    pageUrl !== undefined && `${t.page}: ${pageUrl}`,
  ];
}

function fill(template: string, values: Readonly<Partial<Record<EmailPlaceholder, string | undefined>>>): string {
  const given = Object.entries(values).filter((entry): entry is [EmailPlaceholder, string] => entry[1] !== undefined);
  return fillTemplate(template, Object.fromEntries(given));
}

export function digestText({ until, outcomes, present, failedJobs, channels }: Digest, language: Language): EmailText {
  const t = texts[language];
  const list = (entries: readonly string[]): readonly string[] => (entries.length > 0 ? entries.map((one) => `  ${one}`) : [`  ${t.none}`]);
  const numbers = (counts: Readonly<Record<string, number>>): readonly string[] =>
    list(Object.entries(counts).map(([name, count]) => `${name}: ${count}`));
  return {
    subject: `Chest AI: ${t.digest} (${t.notForDiagnosis})`,
    text: lines(
      t.notice,
      '',
      `${t.last24Hours} ${momentIn(until, language)}`,
      ...(['reported', 'skipped', 'failed'] as const).map((outcome) => `${t.outcomes[outcome]}: ${outcomes[outcome]}`),
      '',
      `${t.studiesWith}:`,
      ...numbers(present),
      `${t.needAttention}:`,
      ...numbers(failedJobs),
      `${t.messages}:`,
      ...list(Object.entries(channels).map(([name, { waiting, refused }]) => `${name}: ${waiting} ${t.waiting}, ${refused} ${t.refused}`)),
    ),
  };
}

function findingLine({ concept, wording, probability, decision }: MessageFinding, language: Language): string {
  return `- ${concept.meaning}: ${texts[language][decision]}, ${Number((probability * 100).toFixed(6))} % (${wording})`;
}

/** In the local time zone of this process, which is that of the setting timeZone. */
function momentIn(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(language === 'de' ? 'de-DE' : 'en-GB', { dateStyle: 'medium', timeStyle: 'long' }).format(moment);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lines(...parts: readonly (string | false)[]): string {
  return `${parts.filter((one) => one !== false).join('\n')}\n`;
}
