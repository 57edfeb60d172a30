import type { Readable } from 'node:stream';
import { HttpConnection } from '../http/connection.js';
import { slotsOf, type HttpEndpoint } from '../http/http-exchange.js';
import type { PacsAddress } from '../http/pacs-address.js';
import type { Slots } from '../http/slots.js';

/** A response of the PACS that is streamed to a viewer; `body` has not been read yet. */
export interface ProxiedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The headers that a viewer gets; cookies, the server's name and its challenges are left out. */
const forwardedHeaders = ['content-type', 'content-length', 'last-modified'] as const;

/**
 * Forwards a viewer's GET requests to the PACS with the service's credentials and streams the responses back. They share the slots of
 * the endpoint with all other requests to this PACS; a slot is in use until the last byte of the response.
 */
export class DicomWebProxy {
  private readonly connection: HttpConnection;
  private readonly slots: Slots;

  constructor(private readonly endpoint: HttpEndpoint) {
    this.connection = new HttpConnection(endpoint);
    this.slots = slotsOf(endpoint);
  }

  close(): void {
    this.connection.close();
  }

  /**
   * @param path below the root of DICOMweb
   * @param seenAs host, with the base path of the service, and protocol under which the viewer reaches it: the PACS puts them into its links
   * @param signal ends the request, also while it waits for a slot
   * @throws Fault pacs-unreachable, pacs-malformed, timed-out
   */
  get(
    path: PacsAddress,
    accept: string | undefined,
    seenAs: { readonly host: string; readonly protocol: string },
    signal: AbortSignal,
  ): Promise<ProxiedResponse> {
    const headers = {
      ...(accept ? { Accept: accept } : {}),
      Forwarded: `host="${seenAs.host.replace(/["\\]/g, '')}";proto=${seenAs.protocol}`,
    };
    return new Promise<ProxiedResponse>((resolve, reject) => {
      const forward = async (): Promise<void> => {
        const { statusCode, headers: received, body } = await this.connection.send({ method: 'GET', path, headers, signal });
        const ended = endOf(body, this.endpoint.timeoutMs * 10);
        const forwarded = forwardedHeaders.flatMap((name) => (typeof received[name] === 'string' ? [[name, received[name]] as const] : []));
        resolve({ status: statusCode, headers: Object.fromEntries(forwarded), body });
        await ended;
      };
      this.slots.use(forward, 'viewer').catch(reject);
    });
  }
}

/**
 * Resolves when a response has been read, broken off or destroyed; after `maxMs` it is destroyed, so that a browser that reads very
 * slowly does not occupy a slot for ever.
 */
function endOf(body: Readable, maxMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => body.destroy(), maxMs);
    deadline.unref();
    const end = (): void => {
      clearTimeout(deadline);
      resolve();
    };
    // An error reaches the reader of the body; without a reader it concerns nobody.
    body.on('error', () => undefined);
    body.once('close', end).once('end', end);
  });
}
