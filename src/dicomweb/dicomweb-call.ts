import type { FaultSubject } from '../errors.js';
import { Fault } from '../errors.js';
import { faultOfStatus, jsonOf, type HttpExchange, type HttpReply } from '../http/http-exchange.js';
import type { PacsAddress } from '../http/pacs-address.js';
import { requireWholeMultipart } from './multipart.js';

/**
 * The part of XMLHttpRequest that dicomweb-client 0.11.3 uses, on top of HttpExchange: one object for one call, given to the library as
 * `request.instance`. The library has no other way to replace its transport, and a global XMLHttpRequest would affect all code.
 *
 * The library ignores errors of the transport, and its promise stays pending when it throws while reading an answer; `of` rejects in
 * both cases. Answers are given as Buffer where a browser gives an ArrayBuffer: the
 * library's `slice` is then a view, and ten megabytes are not copied once more.
 */
export class DicomWebCall {
  onreadystatechange: (() => void) | null = null;
  onloadstart: (() => void) | null = null;
  onloadend: (() => void) | null = null;
  onprogress: ((event: unknown) => void) | null = null;
  responseType = '';
  withCredentials = false;
  readyState = 0;
  status = 0;
  response: unknown = null;
  reply: HttpReply | undefined;

  private readonly headers: Record<string, string> = {};
  private fail: (thrown: unknown) => void = () => undefined;

  /**
   * @param request method and address of the call: those that the library makes are never used, it does not encode what it puts into them
   * @param accept what to ask for in place of what the library would
   */
  constructor(
    private readonly http: HttpExchange,
    private readonly request: { readonly method: 'GET' | 'POST'; readonly path: PacsAddress },
    private readonly subject: FaultSubject,
    private readonly accept?: string,
  ) {}

  /**
   * Runs one call of the library with this object as its request.
   * @throws Fault for errors of the transport, statuses of errors and bodies that cannot be read
   */
  async of<T>(call: (request: { readonly instance: unknown }) => Promise<T>): Promise<T> {
    const failure = new Promise<never>((_, reject) => (this.fail = reject));
    try {
      return await Promise.race([call({ instance: this }), failure]);
    } catch (thrown) {
      throw thrown instanceof Fault || this.status === 0 ? thrown : faultOfStatus(this.status, '', this.about);
    }
  }

  open(): void {
    // Method and address are those of the constructor.
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  getResponseHeader(name: string): string | null {
    const value = this.reply?.headers[name.toLowerCase()];
    return value === undefined ? null : String(value);
  }

  getAllResponseHeaders(): string {
    return Object.entries(this.reply?.headers ?? {})
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join('\r\n');
  }

  send(data?: ArrayBuffer): void {
    const body = data === undefined ? {} : { body: new Uint8Array(data) };
    if (this.accept !== undefined) this.headers['Accept'] = this.accept;
    this.http
      .exchange({ ...this.request, headers: this.headers, subject: this.subject, ...body })
      .then((reply) => this.receive(reply))
      .catch((thrown: unknown) => this.fail(thrown));
  }

  private receive(reply: HttpReply): void {
    this.reply = reply;
    this.status = reply.status;
    this.response = reply.status === 200 || reply.status === 206 ? this.read(reply) : reply.body;
    this.readyState = 4;
    this.onreadystatechange?.();
    this.onloadend?.();
  }

  private read(reply: HttpReply): unknown {
    if (this.responseType === 'json') return jsonOf(reply, this.about);
    const type = this.getResponseHeader('content-type') ?? '';
    if (type.includes('multipart')) requireWholeMultipart(reply.body, type, this.about);
    return reply.body;
  }

  private get about(): FaultSubject {
    return { source: this.request.path.split('?')[0]!, ...this.subject };
  }
}
