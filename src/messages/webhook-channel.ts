import { createHmac } from 'node:crypto';
import type { WebhookSettings } from '../config.js';
import { secretVariable } from '../config/messages.js';
import { Fault } from '../errors.js';
import { retryAfterMsOf } from '../http/retry-after.js';
import { sendSingleRequest } from '../http/single-request.js';
import { tryConnection } from '../lib/connect.js';
import { readTlsFiles } from '../lib/tls-files.js';
import type { Channel } from './ports.js';
import { webhookBodyOf } from './webhook-body.js';

const minSecretLength = 16;
/** Nothing of an answer but its status is of use. */
const maxAnswerBytes = 65_536;
/** "Not now": request timeout, too early, too many requests (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4); 401 and 403 until the secret agrees. */
const notNow = [401, 403, 408, 425, 429];

/**
 * Posts each message as JSON. A repetition has the same `Idempotency-Key`.
 *
 * @throws Fault `config-invalid` without a secret of at least 16 characters, or for files of the setting tls that cannot be used
 */
export function openWebhook(name: string, settings: WebhookSettings): Channel {
  const { url, secret = '', timeoutMs, proxy } = settings;
  if (secret.length < minSecretLength)
    throw new Fault(
      'config-invalid',
      `messages.channels, ${name}: expected a secret of at least ${minSecretLength} characters in webhook.secretFile or ${secretVariable(name)}, found ${secret.length === 0 ? 'none' : `one of ${secret.length}`}`,
    );
  const tls = settings.tls && readTlsFiles(settings.tls);
  return {
    name,
    kind: 'webhook',
    async send(message, signal) {
      const body = webhookBodyOf(message);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const { status, headers } = await sendSingleRequest({
        method: 'POST',
        url,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'orthanc-chest-ai',
          'Idempotency-Key': message.messageId,
          'X-Chest-Ai-Timestamp': timestamp,
          'X-Chest-Ai-Signature': signatureOf(secret, timestamp, body),
        },
        body,
        tls,
        proxy,
        timeoutMs,
        maxAnswerBytes,
        signal,
      });
      if (status >= 200 && status < 300) return undefined;
      throw faultOfStatus(status, retryAfterMsOf(headers['retry-after']));
    },
    async reach() {
      const { protocol, hostname, port } = new URL(proxy ?? url);
      const isEncrypted = protocol === 'https:';
      const server = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (isEncrypted ? 443 : 80)) };
      await tryConnection(isEncrypted ? { ...server, tls: (proxy === undefined ? tls : undefined) ?? {} } : server, timeoutMs);
      return `${proxy === undefined ? '' : 'the proxy '}${server.host}:${server.port} accepts connections`;
    },
  };
}

/**
 * HMAC-SHA-256 (RFC 2104) with the secret over the timestamp, a full stop and the body.
 *
 * @param timestamp seconds since 1970 in UTC
 * @returns `sha256=` and 64 hexadecimal digits
 */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

function faultOfStatus(status: number, retryAfterMs: number | undefined): Fault {
  if (status >= 500 || notNow.includes(status))
    return new Fault('channel-unavailable', `the receiver answered HTTP ${status}`, {}, { retryAfterMs });
  return new Fault(
    'message-refused',
    status >= 300 && status < 400
      ? `the receiver answered HTTP ${status}: redirects are not followed`
      : `the receiver answered HTTP ${status}, expected 2xx`,
  );
}
