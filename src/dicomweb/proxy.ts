import type http from 'node:http';
import { Fault } from '../errors.js';
import { connectionTo, isStale, Slots, StaleConnection, targetOf, type HttpConnection, type HttpEndpoint } from '../http/http-exchange.js';
import type { PacsAddress } from '../http/pacs-address.js';

/** An answer of the PACS on its way through; `body` is not read yet. */
export interface ProxiedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: http.IncomingMessage;
}

/** What a viewer may learn of an answer's head; cookies, the server's name and its challenges stay here. */
const passedHeaders = ['content-type', 'content-length', 'last-modified'] as const;

/**
 * Reading requests of a viewer, passed on to the PACS with our credentials, their answers streamed back. They share the slots of
 * the endpoint with everything else that asks this PACS; one is held until the answer's last byte.
 */
export class DicomWebProxy {
  private readonly connection: HttpConnection;
  private readonly slots: Slots;

  constructor(private readonly endpoint: HttpEndpoint) {
    this.connection = connectionTo(endpoint);
    const { maxConcurrent = 8 } = endpoint;
    this.slots = typeof maxConcurrent === 'number' ? new Slots(maxConcurrent) : maxConcurrent;
  }

  close(): void {
    this.connection.agent.destroy();
  }

  /**
   * @param path below the root of DICOMweb
   * @param seenAs host and protocol under which the viewer reaches us: the PACS puts them into its links
   * @param signal ends the request, also while it waits for its turn
   * @throws Fault pacs-unreachable, timed-out
   */
  get(
    path: PacsAddress,
    accept: string | undefined,
    seenAs: { readonly host: string; readonly protocol: string },
    signal: AbortSignal,
  ): Promise<ProxiedResponse> {
    return new Promise<ProxiedResponse>((resolve, reject) => {
      const inTurn = async (): Promise<void> => {
        const send = (): Promise<ProxiedResponse> => this.send(path, accept, seenAs, signal);
        const answer = await send().catch((thrown: unknown) => {
          if (thrown instanceof StaleConnection) return send();
          throw thrown;
        });
        const ended = endOf(answer.body, this.endpoint.timeoutMs * 10);
        resolve(answer);
        await ended;
      };
      this.slots.use(inTurn, 'viewer').catch(reject);
    });
  }

  private send(
    path: PacsAddress,
    accept: string | undefined,
    seenAs: { readonly host: string; readonly protocol: string },
    signal: AbortSignal,
  ): Promise<ProxiedResponse> {
    const { url, agent, authorization } = this.connection;
    const headers = {
      ...(authorization ? { Authorization: authorization } : {}),
      ...(accept ? { Accept: accept } : {}),
      Forwarded: `host="${seenAs.host.replace(/["\\]/g, '')}";proto=${seenAs.protocol}`,
    };
    return new Promise((resolve, reject) => {
      const { open, options } = targetOf(url, path);
      const request = open({ ...options, method: 'GET', headers, agent, signal, timeout: this.endpoint.timeoutMs });
      request.on('timeout', () => request.destroy(new Fault('timed-out', `no answer within ${this.endpoint.timeoutMs} ms`)));
      request.on('error', (error: Error & { code?: string }) => {
        if (isStale(request, error)) reject(new StaleConnection());
        else
          reject(
            error instanceof Fault
              ? error
              : new Fault('pacs-unreachable', `no connection (${error.code ?? error.message})`, {}, { cause: error }),
          );
      });
      request.on('response', (body) => {
        const passed = passedHeaders.flatMap((name) =>
          typeof body.headers[name] === 'string' ? [[name, body.headers[name]] as const] : [],
        );
        resolve({ status: body.statusCode ?? 502, headers: Object.fromEntries(passed), body });
      });
      request.end();
    });
  }
}

/** When an answer is read, broken off or given up: a browser that reads a byte now and then must not keep a slot for ever. */
function endOf(body: http.IncomingMessage, maxMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => body.destroy(), maxMs);
    deadline.unref();
    const end = (): void => {
      clearTimeout(deadline);
      resolve();
    };
    body.once('close', end).once('end', end);
  });
}
