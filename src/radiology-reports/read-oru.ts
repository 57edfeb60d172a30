import { momentOfHl7 } from '../hl7/time.js';
import type { ReadMessage, ReadSegment } from '../hl7/read-message.js';
import type { ReceivedReport } from './ports.js';

/** Result statuses (HL7 tables 0123 and 0085) of a final report, and of one that was taken back. */
const final = new Set(['F', 'C']);
const withdrawn = new Set(['X', 'W', 'D']);
/** Of OBX-3: the part of a report that a suffix (HL7 v2.5.1 §7.17, "&IMP") or a LOINC code means. */
const headings: Readonly<Record<string, string>> = {
  IMP: 'Impression',
  GDT: 'Findings',
  REC: 'Recommendation',
  ADT: 'Addendum',
  HIS: 'Clinical history',
  RFS: 'Reason for study',
  '19005-8': 'Impression',
  '18782-3': 'Findings',
  '59776-5': 'Findings',
  '18783-1': 'Recommendation',
  '18785-6': 'Reason for study',
  '55752-0': 'Clinical information',
  '11329-0': 'Clinical history',
  '18834-2': 'Comparison',
  '55111-9': 'Technique',
};

/** One order of a message: OBR with the observations and notes that follow it. */
interface Order {
  readonly patient: ReadSegment | undefined;
  readonly obr: ReadSegment;
  readonly others: ReadSegment[];
}

/**
 * Final reports of an ORU^R01 (HL7 v2.5.1 §7.3.1); preliminary ones and orders without text are left out. Texts are OBX-5 of the types TX,
 * FT, ST and of ED with plain text; NTE-3 if there is no such OBX. Orders with the same OBR-3 are one report.
 *
 * @param accessionNumber fields such as OBR-18, the first that has a value counts
 */
export function reportsIn(message: ReadMessage, accessionNumber: readonly string[]): readonly ReceivedReport[] {
  const reports = new Map<string, ReceivedReport>();
  for (const order of ordersIn(message)) {
    const report = reportOf(order, message, accessionNumber);
    if (!report) continue;
    const earlier = reports.get(report.identifier);
    reports.set(
      report.identifier,
      earlier ? { ...earlier, isWithdrawn: earlier.isWithdrawn && report.isWithdrawn, text: `${earlier.text}\f${report.text}` } : report,
    );
  }
  return [...reports.values()];
}

function ordersIn({ segments }: ReadMessage): readonly Order[] {
  const orders: Order[] = [];
  let patient: ReadSegment | undefined;
  let before: ReadSegment[] = [];
  for (const segment of segments) {
    if (segment.name === 'PID') [patient, before] = [segment, []];
    else if (segment.name === 'OBR') {
      orders.push({ patient, obr: segment, others: before });
      before = [];
    } else if (segment.name === 'ORC' || segment.name === 'PV1') before.push(segment);
    else orders.at(-1)?.others.push(segment);
  }
  return orders;
}

function reportOf({ patient, obr, others }: Order, { msh }: ReadMessage, accessionNumber: readonly string[]): ReceivedReport | undefined {
  const observations = others.filter(({ name }) => name === 'OBX');
  const status = obr.value(25);
  const isFinal = (one: ReadSegment): boolean => final.has(one.value(11)) || (one.value(11) === '' && final.has(status));
  const finalOnes = observations.filter(isFinal);
  const isWithdrawn = withdrawn.has(status) || (observations.length > 0 && observations.every((one) => withdrawn.has(one.value(11))));
  const notes = others.filter(({ name }) => name === 'NTE').map((one) => one.text(3));
  const text = textOfObservations(finalOnes) || (final.has(status) ? notes.join('\n') : '');
  // Without OBR-25 the status of the observations decides.
  if (!isWithdrawn && ((status !== '' && !final.has(status)) || text.trim() === '')) return undefined;
  const accession = accessionNumber.map((field) => fieldOf(field, [obr, ...others])).find((value) => value !== '');
  const identifier = [obr.value(3), obr.value(3, 2), obr.value(2), accession ?? ''].slice(0, obr.value(3) === '' ? 4 : 2).join('|');
  const study = observations
    .find((one) => one.value(3) === '113014' || one.value(3, 2) === 'DICOM Study')
    ?.text(5)
    .trim();
  return {
    source: 'hl7',
    identifier,
    isWithdrawn,
    text: isWithdrawn ? '' : text,
    accessionNumber: accession,
    studyInstanceUID: study !== undefined && /^[0-9.]{1,64}$/.test(study) ? study : undefined,
    patients: patient ? patientsIn(patient) : [],
    statedAt: momentOfHl7(obr.value(22)) ?? momentOfHl7(msh.value(7)),
  };
}

/** Lines of one OBX-3 are one part; the next OBX-3 begins another, under its own heading. */
function textOfObservations(observations: readonly ReadSegment[]): string {
  const parts: { readonly code: string; readonly lines: string[] }[] = [];
  for (const one of observations) {
    const line = lineOf(one);
    if (line === undefined) continue;
    const code = `${one.value(3)}&${one.value(3, 1, 2)}`;
    const last = parts.at(-1);
    if (last?.code === code) last.lines.push(line);
    else {
      const heading = headings[one.value(3, 1, 2)] ?? headings[one.value(3)] ?? one.value(3, 2).trim();
      parts.push({ code, lines: [...(heading === '' ? [] : [`${heading}:`]), line] });
    }
  }
  return parts.map(({ lines }) => lines.join('\n')).join('\f');
}

function lineOf(observation: ReadSegment): string | undefined {
  const type = observation.value(2);
  if (['TX', 'FT', 'ST'].includes(type)) return observation.text(5);
  // ED: source, type, subtype, encoding, data (HL7 v2.5.1 §2A.24).
  if (type !== 'ED' || !/^text$/i.test(observation.value(5, 2)) || !/^(?:plain)?$/i.test(observation.value(5, 3))) return undefined;
  const data = observation.value(5, 5);
  return /^base64$/i.test(observation.value(5, 4)) ? Buffer.from(data, 'base64').toString('utf8') : data;
}

/** PID-3 with all its repetitions, PID-2 and PID-4, where earlier versions of HL7 have further IDs. */
function patientsIn(pid: ReadSegment): ReceivedReport['patients'] {
  return [3, 2, 4].flatMap((field) =>
    pid
      .repetitions(field)
      .map((one) => ({
        id: one.value(field).trim(),
        issuers: [one.value(field, 4, 1), one.value(field, 4, 2)].map((name) => name.trim()).filter((name) => name !== ''),
      }))
      .filter(({ id }) => id !== ''),
  );
}

/** @param field OBR-18 or OBR-3.1 */
function fieldOf(field: string, segments: readonly ReadSegment[]): string {
  const [name, numbers = ''] = field.split('-');
  const [number, component = '1'] = numbers.split('.');
  return (
    segments
      .find((one) => one.name === name)
      ?.value(Number(number), Number(component))
      .trim() ?? ''
  );
}
