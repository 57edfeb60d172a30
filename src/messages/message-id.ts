import { createHash, randomBytes } from 'node:crypto';

/**
 * The id of a message: the same wherever and how often the same result is planned for the same channel, also in a new database.
 *
 * @param repetition 0; above, if the result became current again after the channel was sent another one
 * @returns 20 hexadecimal digits: HL7 v2.5.1 §2.15.9.10 (MSH-10) allows 20 characters
 */
export function messageIdOf(channel: string, resultId: string, repetition: number): string {
  return createHash('sha256')
    .update([channel, resultId, String(repetition)].join('\n'))
    .digest('hex')
    .slice(0, 20);
}

/** Of a test message: different each time, so that no receiver ignores it as a repetition. */
export function testMessageId(): string {
  return `TEST${randomBytes(8).toString('hex')}`;
}
