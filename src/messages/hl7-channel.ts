import { requireAcceptance } from '../hl7/acknowledgment.js';
import { decodeHl7, encodeHl7 } from '../hl7/character-set.js';
import { exchangeMllp } from '../hl7/mllp.js';
import { tryConnection } from '../lib/connect.js';
import { readTlsFiles, type TlsFiles } from '../lib/tls-files.js';
import { hl7Message, type Hl7Addressing } from './hl7-message.js';
import type { Channel } from './ports.js';

export interface Hl7Settings extends Hl7Addressing {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
  /** Time for the connection, and again for the answer, in ms. */
  readonly answerTimeoutMs: number;
}

/**
 * Results to a RIS as HL7 v2.5.1 ORU^R01 over MLLP.
 *
 * @throws Fault config-invalid for TLS files that cannot be used
 */
export function hl7Channel(name: string, settings: Hl7Settings): Channel {
  const { host, port, answerTimeoutMs, characterSet } = settings;
  const server = { host, port, answerTimeoutMs, tls: settings.tls && readTlsFiles(settings.tls) };
  return {
    name,
    kind: 'hl7',
    async send(message, signal) {
      const text = hl7Message(message, settings);
      const answer = await exchangeMllp(server, encodeHl7(text, characterSet), signal);
      requireAcceptance(decodeHl7(answer, characterSet), message.messageId, { studyInstanceUID: message.study.studyInstanceUID });
      return undefined;
    },
    async reach() {
      await tryConnection(server, answerTimeoutMs);
      return `${host}:${port} accepts connections`;
    },
  };
}
