import { Fault, type FaultSubject } from '../errors.js';
import { technicalText } from '../lib/technical-text.js';

/** Acknowledgment codes (HL7 table 0008): of the original mode (A…) and of the enhanced mode (C…). */
const codes = {
  AA: 'accepted',
  CA: 'accepted',
  AE: 'error',
  CE: 'error',
  AR: 'rejected',
  CR: 'rejected',
} as const satisfies Record<string, 'accepted' | 'error' | 'rejected'>;

/** Message error conditions (HL7 table 0357). */
const conditions: Readonly<Record<string, string>> = {
  '100': 'segment sequence error',
  '101': 'required field missing',
  '102': 'data type error',
  '103': 'table value not found',
  '200': 'unsupported message type',
  '201': 'unsupported event code',
  '202': 'unsupported processing ID',
  '203': 'unsupported version ID',
  '204': 'unknown key identifier',
  '205': 'duplicate key identifier',
  '206': 'application record locked',
  '207': 'application internal error',
};

/**
 * Returns if a receiver has accepted the message. Of its reasons only codes, places and technical words reach the fault: its text may
 * name the patient.
 *
 * @param answer one message: MSH, MSA and perhaps ERR (HL7 v2.5.1 §2.13)
 * @param controlId MSH-10 of the message that was sent
 * @throws Fault `channel-unavailable` for AE, CE, an answer to another message and what is no acknowledgment; `message-refused` for AR, CR
 */
export function requireAcceptance(answer: string, controlId: string, subject: FaultSubject): void {
  const unreadable = (found: string): Fault =>
    new Fault('channel-unavailable', `expected an HL7 acknowledgment with MSH and MSA, found ${found}`, subject);
  const segments = answer.split(/[\r\n]+/).filter((line) => line !== '');
  const [head] = segments;
  if (head === undefined) throw unreadable('an empty answer');
  if (!/^MSH[^\p{L}\p{N}\s]{2}/u.test(head)) throw unreadable(`an answer of ${answer.length} characters that does not begin with MSH`);
  const separator = head[3]!;
  const fieldsOf = (name: string): readonly string[] | undefined =>
    segments.find((line) => line.startsWith(`${name}${separator}`))?.split(separator);
  const msa = fieldsOf('MSA');
  if (msa === undefined) throw unreadable('a message without MSA');
  const [, code = '', answered = '', text = ''] = msa;
  if (answered !== controlId)
    throw new Fault('channel-unavailable', `expected an answer to message ${controlId} (MSA-2), found an answer to another one`, subject);
  if (!(code in codes)) throw new Fault('channel-unavailable', `expected AA, AE, AR, CA, CE or CR in MSA-1, found another code`, subject);
  const meaning = codes[code as keyof typeof codes];
  if (meaning === 'accepted') return;
  const reason = reasonsOf(fieldsOf('ERR'), head[4]!, text);
  throw meaning === 'error'
    ? new Fault('channel-unavailable', `the receiver answered ${code} (error)${reason}`, subject)
    : new Fault('message-refused', `the receiver answered ${code} (rejected)${reason}`, subject);
}

/** ERR-2 location, ERR-3 code, MSA-3 or else ERR-8 text (ERR-5 to ERR-8 of HL7 v2.5.1 §2.15.5). */
function reasonsOf(err: readonly string[] | undefined, componentSeparator: string, text: string): string {
  const number = err?.[3]?.split(componentSeparator)[0] ?? '';
  const condition = conditions[number] === undefined ? '' : `, ${number} ${conditions[number]}`;
  const [segment = '', sequence = '', field = ''] = err?.[2]?.split(componentSeparator) ?? [];
  const place = /^[A-Z][A-Z0-9]{2}$/.test(segment)
    ? ` at ${segment}${/^\d{1,3}$/.test(sequence) ? `[${sequence}]` : ''}${/^\d{1,2}$/.test(field) ? `-${field}` : ''}`
    : '';
  const words = technicalText(text || (err?.[8] ?? ''));
  return `${condition}${place}${words === '' ? '' : `: "${words}"`}`;
}
