import { randomBytes } from 'node:crypto';
import { Fault } from '../errors.js';
import { messageStart, readMessage, type ReadMessage, type ReadSegment } from '../hl7/read-message.js';
import { receivedText } from '../hl7/received-text.js';
import { writeAcknowledgment, type Acknowledgment } from '../hl7/write-acknowledgment.js';
import { placeOf } from '../log.js';
import type { ReportTextPorts } from './ports.js';
import { receiveReport } from './radiology-report-story.js';
import { reportsIn } from './read-oru.js';

/** Of one message: each is stored in a transaction of its own before the message is acknowledged. */
const maxOrders = 1_000;

type Problem = NonNullable<Acknowledgment['problem']>;

/**
 * Receives the reports of one message and acknowledges it when all of them are stored.
 *
 * @param from address of the sender, for the audit log
 * @param accessionNumber fields in which it is looked for
 * @returns undefined if they cannot be stored now: without an acknowledgment every sender repeats the message
 */
export async function receiveHl7(
  bytes: Uint8Array,
  from: string,
  accessionNumber: readonly string[],
  ports: ReportTextPorts,
): Promise<Buffer | undefined> {
  let msh: ReadSegment | undefined;
  try {
    const { text, decode } = receivedText(bytes);
    const message = readMessage(text, decode);
    if (!message) return answer(undefined, rejected('100', 'expected a message that begins with MSH, found another'), ports);
    ({ msh } = message);
    const refused = problemOf(message);
    if (refused) return answer(msh, refused, ports);
    for (const report of reportsIn(message, accessionNumber)) {
      if (report.identifier.replaceAll('|', '') === '')
        return answer(msh, failed('101', 'expected an order number, found none in OBR-3, OBR-2 and the accession number', 'OBR-3'), ports);
      await receiveReport(report, { actor: 'hl7', remote: from }, ports);
    }
    return answer(msh, { outcome: 'accepted' }, ports);
  } catch (error) {
    if (error instanceof Fault && error.retryable) {
      ports.log.warn('an HL7 message could not be stored and was not acknowledged; its sender will repeat it', { code: error.code });
      return undefined;
    }
    if (error instanceof Fault) return answer(msh ?? headOf(bytes), failed('102', error.detail), ports);
    ports.log.error('an HL7 message could not be received', { place: placeOf(error) });
    return answer(msh, failed('207', 'internal error of the program'), ports);
  }
}

/** The answer to a message that is too large. @param beginning its first bytes */
export function refuseLargeHl7(beginning: Uint8Array, maxBytes: number, ports: Pick<ReportTextPorts, 'clock' | 'log'>): Buffer {
  return answer(headOf(beginning), rejected('207', `expected a message of at most ${maxBytes} bytes, found a larger one`), ports);
}

function problemOf({ msh, segments }: ReadMessage): Acknowledgment | undefined {
  if (msh.value(10) === '') return failed('101', 'expected a control ID in MSH-10, found none', 'MSH-10');
  if (msh.value(9) !== 'ORU') return rejected('200', 'expected a message of type ORU in MSH-9, found another', 'MSH-9');
  if (msh.value(9, 2) !== 'R01') return rejected('201', 'expected the event R01 in MSH-9, found another', 'MSH-9');
  if (msh.value(11) !== 'P') return rejected('202', 'expected P (production) in MSH-11, found another processing ID', 'MSH-11');
  if (!/^2\.\d/.test(msh.value(12))) return rejected('203', 'expected a version 2.x in MSH-12, found another', 'MSH-12');
  const orders = segments.filter(({ name }) => name === 'OBR').length;
  if (orders === 0) return failed('100', 'expected a segment OBR, found none', 'OBR-1');
  if (orders > maxOrders) return failed('102', `expected at most ${maxOrders} segments OBR, found ${orders}`, 'OBR-1');
  return undefined;
}

function failed(condition: Problem['condition'], text: string, location?: string): Acknowledgment {
  return { outcome: 'error', problem: { condition, text, ...(location === undefined ? {} : { location }) } };
}

function rejected(condition: Problem['condition'], text: string, location?: string): Acknowledgment {
  return { outcome: 'rejected', problem: { condition, text, ...(location === undefined ? {} : { location }) } };
}

function answer(
  msh: ReadSegment | undefined,
  acknowledgment: Acknowledgment,
  { clock, log }: Pick<ReportTextPorts, 'clock' | 'log'>,
): Buffer {
  const { outcome, problem } = acknowledgment;
  if (problem) log.warn('an HL7 message was not accepted', { outcome, reason: problem.text });
  return writeAcknowledgment(msh, acknowledgment, { controlId: randomBytes(10).toString('hex').toUpperCase(), now: clock.now() });
}

/** The header of a message that cannot be read as a whole. */
function headOf(bytes: Uint8Array): ReadSegment | undefined {
  const decode = (some: Uint8Array): string => Buffer.from(some).toString('latin1');
  const start = decode(bytes.subarray(0, 4_096));
  return messageStart.test(start) ? readMessage(start, decode)?.msh : undefined;
}
