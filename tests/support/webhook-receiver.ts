import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webhookBodySchema } from '../../src/messages/webhook-body.js';

/** A request as it reached the receiver. */
export interface ReceivedHook {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly json: ReturnType<typeof webhookBodySchema.parse>;
  /** Idempotency-Key. */
  readonly key: string;
}

/** What the receiver does with a request, which it has read: a status, or something else with the response. */
export type HookAnswer = number | ((response: ServerResponse, request: ReceivedHook) => void);

export interface WebhookReceiver {
  readonly url: string;
  readonly received: readonly ReceivedHook[];
  /** Of one study, in the order of arrival. */
  of(studyInstanceUID: string): readonly ReceivedHook[];
  /** What the next requests are answered, in order; later ones with 204. */
  answer(...answers: readonly HookAnswer[]): void;
  /** What all requests are answered until the next call. */
  answerAll(answer: HookAnswer): void;
  close(): Promise<void>;
}

/** A real HTTP server, as a RIS has one. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedHook[] = [];
  let next: HookAnswer[] = [];
  let all: HookAnswer = 204;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const hook: ReceivedHook = {
        path: request.url ?? '',
        headers: request.headers,
        body,
        json: webhookBodySchema.parse(JSON.parse(body)),
        key: String(request.headers['idempotency-key']),
      };
      received.push(hook);
      const answer = next.shift() ?? all;
      if (typeof answer === 'number') response.writeHead(answer).end();
      else answer(response, hook);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    of: (studyInstanceUID) => received.filter(({ json }) => json.study.studyInstanceUID === studyInstanceUID),
    answer: (...answers) => void (next = [...answers]),
    answerAll: (answer) => {
      next = [];
      all = answer;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
