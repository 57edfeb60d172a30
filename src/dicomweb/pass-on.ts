import http from 'node:http';
import https from 'node:https';
import { Fault } from '../errors.js';
import { connectionTo, type HttpConnection, type HttpEndpoint } from '../http-exchange.js';

/** An answer of the PACS on its way through; `body` is not read yet. */
export interface PassedOn {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: http.IncomingMessage;
}

/** What a viewer may learn of an answer's head; cookies, the server's name and its challenges stay here. */
const passedHeaders = ['content-type', 'content-length', 'last-modified'] as const;

/**
 * Reading requests of a viewer, passed on to the PACS with our credentials, their answers streamed back. Connections of its
 * own: somebody who leafs through a CT does not take those that reports go through.
 */
export class PassOn {
  private readonly connection: HttpConnection;

  constructor(private readonly endpoint: HttpEndpoint) {
    this.connection = connectionTo(endpoint, 8);
  }

  close(): void {
    this.connection.agent.destroy();
  }

  /**
   * @param path below the root of DICOMweb, beginning with "/", with its query; the caller has checked it
   * @param seenAs host and protocol under which the viewer reaches us: the PACS puts them into its links
   * @throws Fault pacs-unreachable, timed-out
   */
  get(path: string, accept: string | undefined, seenAs: { readonly host: string; readonly protocol: string }, signal: AbortSignal): Promise<PassedOn> {
    const { url, agent, authorization } = this.connection;
    const headers = {
      ...(authorization ? { Authorization: authorization } : {}),
      ...(accept ? { Accept: accept } : {}),
      Forwarded: `host="${seenAs.host.replace(/["\\]/g, '')}";proto=${seenAs.protocol}`,
    };
    return new Promise((resolve, reject) => {
      const request = (url.startsWith('https:') ? https : http).request(url + path, { method: 'GET', headers, agent, signal, timeout: this.endpoint.timeoutMs });
      request.on('timeout', () => request.destroy(new Fault('timed-out', `no answer within ${this.endpoint.timeoutMs} ms`)));
      request.on('error', (error: Error & { code?: string }) => reject(error instanceof Fault ? error : new Fault('pacs-unreachable', `no connection (${error.code ?? error.message})`, {}, { cause: error })));
      request.on('response', (body) => {
        const passed = passedHeaders.flatMap((name) => (typeof body.headers[name] === 'string' ? [[name, body.headers[name]] as const] : []));
        resolve({ status: body.statusCode ?? 502, headers: Object.fromEntries(passed), body });
      });
      request.end();
    });
  }
}
