import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { EmailSettings } from '../config.js';
import { Fault } from '../errors.js';
import { digestText, resultText, type Digest, type EmailText } from './email-text.js';
import type { Channel } from './ports.js';

/** Sends messages by SMTP; it can also send a digest. */
export interface EmailChannel extends Channel {
  readonly kind: 'email';
  /** A cron expression in timeZone; undefined if no digest is wanted. */
  readonly digestSchedule: string | undefined;
  /** @throws Fault as send does */
  sendDigest(digest: Digest, signal: AbortSignal): Promise<void>;
}

export function isEmail(channel: Channel): channel is EmailChannel {
  return channel.kind === 'email';
}

/** @throws Fault `config-invalid` for a login without a password, or an authority that cannot be read */
export function openEmail(name: string, settings: EmailSettings): EmailChannel {
  const { username, password, from, language } = settings;
  if (username !== undefined && !password)
    throw new Fault(
      'config-invalid',
      `messages.channels, ${name}: expected email.passwordFile for the account ${username}, found no password`,
    );
  const ca = authorityOf(name, settings);
  // The same name for a repetition, so that a mail program can recognise it.
  const mail = (id: string, text: EmailText, signal: AbortSignal) =>
    sendMail(settings, ca, { ...text, messageId: `<${id}@${from.split('@')[1]}>` }, signal);
  return {
    name,
    kind: 'email',
    digestSchedule: settings.digest,
    async reach() {
      await withServer(settings, ca, AbortSignal.timeout(settings.timeoutMs), (server) => server.verify());
      return `${settings.host}:${settings.port} answers${username === undefined ? '' : ` and accepts the account ${username}`}`;
    },
    send: (message, signal) => mail(message.messageId, resultText(message, language, settings), signal),
    sendDigest: async (digest, signal) => void (await mail(`digest-${digest.until.getTime()}`, digestText(digest, language), signal)),
  };
}

async function sendMail(
  settings: EmailSettings,
  ca: Buffer | undefined,
  mail: EmailText & { readonly messageId: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { from, to } = settings;
  return await withServer(settings, ca, signal, async (server) => {
    const { rejected, response } = await server.sendMail({ from, to: [...to], ...mail });
    if (rejected.length > 0) throw new Fault('message-refused', `the mail server refused ${rejected.length} of ${to.length} recipients`);
    return /\bqueued as ([\w.-]+)/i.exec(response)?.[1];
  });
}

/** Works with the mail server, and turns what goes wrong into a fault. */
async function withServer<T>(
  { host, port, encryption, username, password, timeoutMs }: EmailSettings,
  ca: Buffer | undefined,
  signal: AbortSignal,
  work: (server: ReturnType<typeof createTransport>) => Promise<T>,
): Promise<T> {
  const transport = createTransport({
    host,
    port,
    secure: encryption === 'tls',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(ca ? { tls: { ca } } : {}),
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
  });
  try {
    return await unlessAborted(signal, () => work(transport));
  } catch (thrown) {
    if (thrown instanceof Fault || signal.aborted) throw thrown;
    throw faultOf(thrown as SmtpError, `${host}:${port}`);
  } finally {
    transport.close();
  }
}

/** nodemailer cannot stop in the middle: its connection ends by itself, after the time limit at the latest. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** A reply of 5yz will not change (RFC 5321 §4.2.1). The text of a reply may quote an address; it is left out. */
function faultOf({ code = 'unknown', message, responseCode }: SmtpError, server: string): Fault {
  // nodemailer names the error of the socket in its text only: "connect ECONNREFUSED 10.1.2.3:587".
  const cause = /^connect (E[A-Z]+)/.exec(message)?.[1] ?? code;
  const text = `${server}: ${cause}${responseCode === undefined ? '' : `, SMTP ${responseCode}`}`;
  // An administrator of the mail server can change that; the mail itself was not refused.
  if (code === 'ETLS') return new Fault('channel-unavailable', `${text}: no encrypted connection by STARTTLS`);
  if (responseCode !== undefined && responseCode >= 500) return new Fault('message-refused', text);
  return new Fault('channel-unavailable', text);
}

function authorityOf(name: string, { ca }: EmailSettings): Buffer | undefined {
  if (ca === undefined) return undefined;
  try {
    return readFileSync(ca);
  } catch (cause) {
    throw new Fault('config-invalid', `messages.channels, ${name}: email.ca ${ca} cannot be read`, {}, { cause });
  }
}
