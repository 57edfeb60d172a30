import { Fault, type FaultSubject } from '../errors.js';

/**
 * The fault behind an error of the HTTP client: timed-out, pacs-malformed (not HTTP, or an answer cut short), pacs-unreachable.
 * @param answered whether the head of a response was received
 */
export function transportFault(
  thrown: Error & { code?: unknown },
  { answered, url, timeoutMs, subject }: { answered: boolean; url: string; timeoutMs: number; subject: FaultSubject },
): Fault {
  if (thrown instanceof Fault) return thrown;
  const options = { cause: thrown };
  const code = typeof thrown.code === 'string' ? thrown.code : '';
  if (thrown.name === 'TimeoutError' || /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code))
    return new Fault('timed-out', `no answer within ${timeoutMs} ms`, subject, options);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new Fault('pacs-malformed', 'an answer of more bytes than are read', subject, { ...options, retryable: false });
  if (answered) return new Fault('pacs-malformed', `the answer ended before its end (${code || thrown.message})`, subject, options);
  if (thrown.name === 'HTTPParserError')
    return new Fault('pacs-malformed', `the answer is not HTTP (${code || thrown.message})`, subject, options);
  if (/CERT|SIGNED|SIGNATURE|ALTNAME|ISSUER|SSL|TLS/.test(code))
    return new Fault(
      'pacs-unreachable',
      `its certificate is not trusted (${code}); name its authority's file in the configuration`,
      subject,
      options,
    );
  const { protocol, host } = new URL(url);
  const wasConnected = code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
  const what = wasConnected ? 'it ended the connection without an answer' : 'no connection';
  return new Fault('pacs-unreachable', `${what}, ${protocol}//${host} (${code || thrown.message})`, subject, options);
}
