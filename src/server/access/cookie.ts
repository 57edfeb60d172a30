import type { Request, Response } from 'express';

/** For which addresses a browser keeps a cookie of ours. */
export interface CookieScope {
  /** Over TLS only. */
  readonly secure: boolean;
  /** The base path of the service; / at the root of a host. */
  readonly path: string;
}

/** `__Host-`: a browser takes it over TLS only, only for this very host, and only with the path /. `__Secure-`: over TLS only. */
function named({ secure, path }: CookieScope, name: string): string {
  return secure ? `${path === '/' ? '__Host-' : '__Secure-'}${name}` : name;
}

export function sessionCookieName(scope: CookieScope): string {
  return named(scope, 'chest-ai');
}

/** Identifies a browser that has logged in before; it grants no access. */
export function deviceCookieName(scope: CookieScope): string {
  return named(scope, 'chest-ai-device');
}

/** Between leaving for the login provider and coming back. */
export function authorizationCookieName(scope: CookieScope): string {
  return named(scope, 'chest-ai-login');
}

/** @returns undefined if the request has no such cookie (RFC 6265, 5.4) */
export function readCookie(request: Request, name: string): string | undefined {
  for (const pair of (request.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

export interface CookieOptions extends CookieScope {
  readonly sameSite: 'strict' | 'lax';
  /** Without it the cookie ends with the browser. */
  readonly maxAgeMs?: number;
}

/** Never readable for a script. */
export function setCookie(response: Response, name: string, value: string, options: CookieOptions): void {
  const { maxAgeMs, ...rest } = options;
  response.cookie(name, value, { ...rest, httpOnly: true, ...(maxAgeMs === undefined ? {} : { maxAge: maxAgeMs }) });
}

export function clearCookie(response: Response, name: string, options: Omit<CookieOptions, 'maxAgeMs'>): void {
  response.clearCookie(name, { ...options, httpOnly: true });
}
