import { plainText } from './lib/plain-text.js';

/**
 * The fault catalogue: everything that can go wrong outside our own code, by code.
 *
 * A *skip* is a result (see reporting/skip.ts), a *fault* comes from this catalogue, a *bug* is an ordinary
 * Error or a failed assertion. `retryable` says whether the same step can succeed later without anybody
 * changing anything; `status` is the HTTP status when a fault answers a request.
 */
const catalogue = {
  // Orthanc and DICOMweb
  'pacs-unreachable': { retryable: true, status: 503, text: 'The PACS does not answer' },
  'pacs-unauthorized': { retryable: true, status: 502, text: 'The PACS refuses our credentials' },
  'pacs-not-found': { retryable: false, status: 404, text: 'The PACS does not have this object' },
  'pacs-error': { retryable: true, status: 502, text: 'The PACS answered with an error' },
  'pacs-malformed': { retryable: true, status: 502, text: 'The answer of the PACS cannot be read' },
  'study-changed': { retryable: true, status: 409, text: 'The study changed while it was analysed' },
  'study-ambiguous': { retryable: false, status: 409, text: 'The PACS contains two studies with the same Study Instance UID' },
  'study-erased': { retryable: false, status: 409, text: 'The data of this study were erased' },
  'pacs-rejected': { retryable: false, status: 502, text: 'The PACS refused to store a document' },
  'read-back-differs': { retryable: true, status: 502, text: 'The stored document differs from what was sent' },
  'destination-unavailable': { retryable: true, status: 502, text: 'A destination does not accept the document' },
  'destination-unknown': { retryable: false, status: 502, text: 'A destination is not configured in Orthanc' },
  'channel-unavailable': { retryable: true, status: 502, text: 'A channel for messages does not answer' },
  'message-refused': { retryable: false, status: 502, text: 'The receiver of a message refused it' },
  // DICOM content
  'dicom-unreadable': { retryable: false, status: 422, text: 'The DICOM file cannot be read' },
  'dicom-attribute': { retryable: false, status: 422, text: 'A required attribute is missing or has a wrong value' },
  'pixels-unreadable': { retryable: false, status: 422, text: 'The pixel data cannot be decoded' },
  'decoder-killed': { retryable: true, status: 503, text: 'The decoder process was ended from outside' },
  'transfer-syntax-unsupported': { retryable: false, status: 422, text: 'The transfer syntax is not supported' },
  'image-unreadable': { retryable: false, status: 422, text: 'The image file cannot be read' },
  // Model and engine
  'model-invalid': { retryable: false, status: 500, text: 'The model cannot be used' },
  'model-unknown': { retryable: false, status: 404, text: 'There is no such model version' },
  'aliases-changed': { retryable: true, status: 409, text: 'The deployed model was changed by another request first' },
  'download-failed': { retryable: true, status: 502, text: 'A file could not be downloaded' },
  'engine-unavailable': { retryable: false, status: 500, text: 'No inference engine can be started' },
  'engine-failed': { retryable: true, status: 500, text: 'The inference engine failed' },
  // Data set and training
  'dataset-invalid': { retryable: false, status: 422, text: 'The data set cannot be used' },
  'training-diverged': { retryable: false, status: 500, text: 'Training diverged' },
  // Documents
  'document-invalid': { retryable: false, status: 500, text: 'A document failed its own check and was not stored' },
  'assessment-outdated': { retryable: false, status: 409, text: 'The result was replaced after it was displayed' },
  'reader-changed': { retryable: false, status: 409, text: 'Another user is logged in than the one who decided' },
  'rules-changed': { retryable: false, status: 409, text: 'The routing rules were changed by another user or in their file' },
  'config-read-only': { retryable: false, status: 409, text: 'The configuration cannot be changed here' },
  'reading-conflict': { retryable: false, status: 409, text: 'Another reader reads the study or has read it' },
  // Requests to us
  'login-required': { retryable: false, status: 401, text: 'Log in first' },
  'request-refused': { retryable: false, status: 403, text: 'The request is not allowed' },
  'not-found': { retryable: false, status: 404, text: 'The requested object does not exist' },
  'too-many-requests': { retryable: true, status: 429, text: 'Too many requests' },
  'login-provider-unavailable': { retryable: true, status: 502, text: 'The login provider does not answer' },
  'request-invalid': { retryable: false, status: 400, text: 'The request is not valid' },
  'upload-too-large': { retryable: false, status: 413, text: 'The file is too large' },
  'upload-refused': { retryable: false, status: 422, text: 'The file cannot be used' },
  'upload-broken-off': { retryable: true, status: 400, text: 'The upload was interrupted' },
  'too-busy': { retryable: true, status: 503, text: 'The service is busy with other files' },
  'viewer-missing': { retryable: false, status: 404, text: 'The viewer is not installed' },
  // Operation
  starting: { retryable: true, status: 503, text: 'The service is starting' },
  'config-invalid': { retryable: false, status: 500, text: 'The configuration is not valid' },
  'disk-full': { retryable: true, status: 507, text: 'The disk is full' },
  'database-unavailable': { retryable: true, status: 503, text: 'The database does not answer' },
  'orthanc-missing': { retryable: false, status: 500, text: 'No Orthanc was found and none could be installed' },
  internal: { retryable: false, status: 500, text: 'Internal error of the program' },
  'timed-out': { retryable: true, status: 504, text: 'A step exceeded its time limit' },
} as const satisfies Record<string, { retryable: boolean; status: number; text: string }>;

/** A detail may quote what a PACS or a file says: it must not become a log line of megabytes, nor move a terminal's cursor. */
const maxDetailLength = 2_000;
const maxSubjectLength = 300;

export type FaultCode = keyof typeof catalogue;

/** Which object a fault is about. UIDs only: never a patient attribute. */
export interface FaultSubject {
  readonly studyInstanceUID?: string;
  readonly seriesInstanceUID?: string;
  readonly sopInstanceUID?: string;
  /** Keyword or (gggg,eeee) of the attribute at fault. */
  readonly attribute?: string;
  /** File name or URL path, without query. */
  readonly source?: string;
}

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly retryable: boolean;
  readonly status: number;
  /** One line without control characters. */
  readonly detail: string;
  readonly subject: FaultSubject;
  /** The other system asks not to be called earlier. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param detail what was expected and what was found, in one sentence, without any patient attribute
   */
  constructor(
    readonly code: FaultCode,
    detail: string,
    subject: FaultSubject = {},
    options?: { cause?: unknown; retryable?: boolean; retryAfterMs?: number | undefined },
  ) {
    const line = plainText(detail, maxDetailLength);
    const plainSubject = Object.fromEntries(
      Object.entries(subject).map(([name, value]) => [name, typeof value === 'string' ? plainText(value, maxSubjectLength) : value]),
    ) as FaultSubject;
    super(`${catalogue[code].text}: ${line}${describeSubject(plainSubject)}`, options);
    this.detail = line;
    this.subject = plainSubject;
    this.retryable = options?.retryable ?? catalogue[code].retryable;
    this.status = catalogue[code].status;
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** The same fault, with what a caller knows and the thrower did not. */
  about(subject: FaultSubject): Fault {
    const { cause = this, retryable, retryAfterMs } = this;
    return new Fault(this.code, this.detail, { ...subject, ...this.subject }, { cause, retryable, retryAfterMs });
  }
}

export const faultCodes = Object.keys(catalogue) as readonly FaultCode[];

/** What a code means, without anything of the case at hand. */
export function meaningOf(code: FaultCode): string {
  return catalogue[code].text;
}

/** Whether a fault of this code can be over later without anybody changing anything. */
export function mayPass(code: string | undefined): boolean {
  return faultCodes.some((one) => one === code && catalogue[one].retryable);
}

/**
 * Whether what was thrown concerns more than the study at hand: the PACS or our own machine is out of order, or the program has a bug.
 * A list of studies ends there; any other fault is the one study's own, and the list goes on.
 */
export function isOutage(thrown: unknown): boolean {
  return !(thrown instanceof Fault) || outages.has(thrown.code);
}

const outages: ReadonlySet<FaultCode> = new Set(['pacs-unreachable', 'pacs-unauthorized', 'database-unavailable', 'disk-full', 'internal']);

function describeSubject(subject: FaultSubject): string {
  const parts = [
    subject.attribute && `attribute ${subject.attribute}`,
    subject.sopInstanceUID && `instance ${subject.sopInstanceUID}`,
    subject.seriesInstanceUID && `series ${subject.seriesInstanceUID}`,
    subject.studyInstanceUID && `study ${subject.studyInstanceUID}`,
    subject.source,
  ].filter(Boolean);
  return parts.length ? ` [${parts.join(', ')}]` : '';
}

/** Turns whatever was thrown into a Fault: operating system errors by their code, everything else as given. */
export function asFault(thrown: unknown, fallback: FaultCode, subject: FaultSubject = {}): Fault {
  if (thrown instanceof Fault) return thrown.about(subject);
  const code = systemCode(thrown);
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Fault('disk-full', detail, subject, { cause: thrown });
  return new Fault(fallback, detail, subject, { cause: thrown });
}

function systemCode(thrown: unknown): string | undefined {
  let current: unknown = thrown;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    const code = (current as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
    current = current.cause;
  }
  return undefined;
}
