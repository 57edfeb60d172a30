import { Fault, type FaultSubject } from '../errors.js';

/**
 * A multipart body must end in its closing delimiter (RFC 2046 §5.1.1). dicomweb-client does not look: of a body cut
 * short it returns the parts before the cut as if they were all, or none.
 *
 * @throws Fault pacs-malformed
 */
export function requireWholeMultipart(body: Buffer, contentType: string, subject: FaultSubject): void {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]?.trim();
  if (boundary === undefined) throw new Fault('pacs-malformed', 'a multipart answer that names no boundary', subject);
  const closing = Buffer.from(`--${boundary}--`, 'latin1');
  // What may follow it is an epilogue: a line end as a rule, never kilobytes.
  const tail = body.subarray(Math.max(0, body.length - closing.length - 1024));
  if (!tail.includes(closing)) {
    throw new Fault('pacs-malformed', `a multipart answer of ${body.length} bytes without its end`, subject);
  }
}
