import { EnvHttpProxyAgent, fetch, ProxyAgent, type RequestInit, type Response } from 'undici';

/** `fetch` of one way out of the hospital. */
export interface OutgoingFetch {
  fetch(url: string, options?: Omit<RequestInit, 'dispatcher'>): Promise<Response>;
  /** Ends its connections. */
  close(): void;
}

/** By an HTTP proxy. An https address is reached by CONNECT (RFC 9110 §9.3.6): the proxy reads nothing of what is exchanged. */
export function fetchThrough(proxy: string): OutgoingFetch {
  return outgoing(new ProxyAgent({ uri: proxy, proxyTunnel: false }));
}

/** By the proxy of HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the server, else directly: for what a person downloads by a command. */
export function fetchByEnvironment(): OutgoingFetch {
  return outgoing(new EnvHttpProxyAgent({ proxyTunnel: false }));
}

function outgoing(dispatcher: ProxyAgent | EnvHttpProxyAgent): OutgoingFetch {
  return { fetch: (url, options) => fetch(url, { ...options, dispatcher }), close: () => void dispatcher.destroy() };
}
