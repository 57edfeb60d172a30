import type { Hl7CharacterSet } from './character-set.js';
import { writeSegments } from './message.js';
import type { ReadSegment } from './read-message.js';
import { hl7Moment } from './time.js';

/** What a receiver answers (HL7 v2.5.1 §2.9.2). */
export interface Acknowledgment {
  /** `error`: the content cannot be used; `rejected`: the message is of a kind that is not accepted here. */
  readonly outcome: 'accepted' | 'error' | 'rejected';
  /** Without it the message was accepted. */
  readonly problem?: {
    /** HL7 table 0357. */
    readonly condition: '100' | '101' | '102' | '103' | '200' | '201' | '202' | '203' | '207';
    /** What was expected and what was found, without any attribute of the patient. */
    readonly text: string;
    /** Where, such as OBR-18. */
    readonly location?: string;
  };
}

const conditions = {
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '207': 'Application internal error',
} as const;
const severities = { error: 'E', rejected: 'E' } as const;

/**
 * ACK for a received message: MSH, MSA and, if it was not accepted, ERR (HL7 v2.5.1 §2.13.1). In enhanced mode, in which MSH-15 asks for an
 * accept acknowledgment, the codes begin with C.
 *
 * @param msh of the message; without it nothing could be read, and MSA-2 stays empty
 * @param controlId of the acknowledgment, at most 20 characters
 */
export function writeAcknowledgment(
  msh: ReadSegment | undefined,
  { outcome, problem }: Acknowledgment,
  { controlId, now }: { readonly controlId: string; readonly now: Date },
): Buffer {
  const set: Hl7CharacterSet = 'UNICODE UTF-8';
  const of = (field: number): string | undefined => msh?.text(field).slice(0, 199) || undefined;
  const isEnhanced = ['AL', 'ER', 'SU'].includes(msh?.value(15) ?? '') && ['', 'NE'].includes(msh?.value(16) ?? '');
  const code = `${isEnhanced ? 'C' : 'A'}${{ accepted: 'A', error: 'E', rejected: 'R' }[outcome]}`;
  const event = msh?.value(9, 2);
  const version = msh?.value(12) || '2.5.1';
  const [segment, field] = problem?.location?.split('-') ?? [];
  const text = writeSegments(
    [
      {
        name: 'MSH',
        fields: {
          3: of(5),
          4: of(6),
          5: of(3),
          6: of(4),
          7: hl7Moment(now),
          9: ['ACK', event || undefined, 'ACK'],
          10: controlId,
          11: msh?.value(11) || 'P',
          12: version,
        },
      },
      { name: 'MSA', fields: { 1: code, 2: msh?.value(10).slice(0, 199) || undefined, 3: problem?.text.slice(0, 80) } },
      ...(problem
        ? [
            {
              name: 'ERR',
              fields: {
                2: segment === undefined ? undefined : [segment, '1', field],
                3: [problem.condition, conditions[problem.condition], 'HL70357'],
                4: severities[outcome as 'error' | 'rejected'],
                8: problem.text.slice(0, 250),
              },
            },
          ]
        : []),
    ],
    set,
  );
  // The texts are ASCII; only what MSH-3 to MSH-6 repeat may be more.
  return Buffer.from(text, 'utf8');
}
