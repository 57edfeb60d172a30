import type { AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Semaphore } from '../lib/semaphore.js';
import type { Log } from '../log.js';
import type { ReportSettings } from '../reporting/ports.js';
import type { Reader } from '../sr/assessment-content.js';
import type { Store } from '../store/store.js';
import type { AcceptsDocument } from './accepted-documents.js';
import type { AssessmentToRecord, WithdrawalToRecord } from './assessment-request.js';
import { giveAssessment } from './assessment-story.js';
import { indexAssessments } from './index-assessments.js';
import type { IndexedAssessment } from './indexed-assessment.js';
import type { AssessmentPacs } from './ports.js';
import { readComments } from './read-comments.js';

export interface AssessmentParts {
  readonly config: Pick<Config, 'assessments'>;
  readonly store: Pick<Store, 'assessments' | 'labels'>;
  readonly reportPorts: {
    readonly pacs: AssessmentPacs;
    readonly settings: Pick<ReportSettings, 'softwareVersion' | 'seriesNumber' | 'termsOf' | 'codes' | 'findingNameOf'>;
    readonly clock: { now(): Date };
    readonly log: Log;
  };
  /** Replaces several current reports of a study by one. */
  readonly onSeveralReports?: (study: StudyInstanceUID) => Promise<void>;
  /** Whether a document comes from an accepted system; without it every document is accepted. */
  readonly accepts?: AcceptsDocument;
  readonly audit?: Pick<AuditLog, 'recordIfPossible'>;
}

export interface AssessmentActions {
  /** assessment-story.ts; of one reader on one study one after the other. */
  give(given: AssessmentToRecord | WithdrawalToRecord): ReturnType<typeof giveAssessment>;
  /** Indexes the assessments that the PACS contains of a study. @returns the number that were new */
  index(study: StudyInstanceUID): Promise<number>;
  /** By SOP Instance UID, what readers wrote: read-comments.ts. */
  comments(assessments: readonly IndexedAssessment[]): ReturnType<typeof readComments>;
  /** What can be assessed, by meaning: the findings of config/findings.json. */
  readonly codedFindings: readonly { readonly name: string; readonly meaning: string; readonly code: string; readonly scheme: string }[];
  /** Readers do not see the assessments of others before they have given their own. */
  readonly hidesOthers: boolean;
  /** The reader of an account, with the organization if the account may verify. */
  readerOf(account: string): Reader;
}

/** Series Number of assessments, after those of the result (seriesNumber and the next), so that viewers list them behind it. */
export const assessmentSeriesOffset = 10;

/** A reader, with the right to verify if the configuration gives it. */
function readerIn({ assessments: { verifiers, organization } }: Pick<Config, 'assessments'>, name: string): Reader {
  return verifiers.includes(name) || verifiers.includes('*') ? { name, verifiesFor: organization ?? '' } : { name };
}

export function assessmentsOf({
  config,
  store,
  reportPorts,
  accepts = async () => true,
  onSeveralReports,
  audit,
}: AssessmentParts): AssessmentActions {
  const { pacs, settings, clock, log } = reportPorts;
  const ports = {
    pacs,
    clock,
    softwareVersion: settings.softwareVersion,
    seriesNumber: settings.seriesNumber + assessmentSeriesOffset,
    termsOf: settings.termsOf,
    codes: settings.codes,
    findingNameOf: settings.findingNameOf,
    index: store.assessments,
    statementsOf: (study: string) => store.labels.ofStudy(study),
    accepts,
    onSeveralReports,
    audit,
    log,
  };
  // Two at the same moment would name the same predecessor, and neither would supersede the other. In the order of arrival: the later counts.
  const turns = new Semaphore({ maxActive: Infinity, maxActiveOf: () => 1 });
  return {
    give: (given) => turns.use(() => giveAssessment(given, ports), `${given.studyInstanceUID} ${given.reader.name}`),
    index: (study) => indexAssessments(study, ports),
    codedFindings: codedFindingsIn(settings),
    comments: (assessments) => readComments(assessments, pacs),
    hidesOthers: config.assessments.hideOthersUntilAssessed,
    readerOf: (name) => readerIn(config, name),
  };
}

function codedFindingsIn({ codes, findingNameOf }: Pick<ReportSettings, 'codes' | 'findingNameOf'>): AssessmentActions['codedFindings'] {
  const named = codes.flatMap((concept) => {
    const name = findingNameOf(concept);
    return name === undefined ? [] : [[name, { name, meaning: concept.meaning, code: concept.value, scheme: concept.scheme }] as const];
  });
  return [...new Map(named).values()].sort((a, b) => a.meaning.localeCompare(b.meaning, 'en'));
}
