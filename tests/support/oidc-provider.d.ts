/** The part that the tests use; the package brings no types. */
declare module 'oidc-provider' {
  import type { Server } from 'node:http';

  export interface ProviderSettings {
    readonly clients: readonly Readonly<Record<string, unknown>>[];
    readonly claims: Readonly<Record<string, readonly string[]>>;
    readonly scopes: readonly string[];
    readonly pkce: { readonly required: () => boolean };
    readonly cookies: { readonly keys: readonly string[] };
    readonly jwks: { readonly keys: readonly object[] };
    readonly features: { readonly devInteractions: { readonly enabled: boolean } };
    findAccount(context: unknown, id: string): { readonly accountId: string; claims(): Readonly<Record<string, unknown>> };
  }

  export class Provider {
    constructor(issuer: string, settings: ProviderSettings);
    listen(port: number, host: string, ready: () => void): Server;
  }
}
