import type { Request, Response } from 'express';

/** `__Host-`: a browser takes it over TLS only, and only for this very host. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-chest-ai' : 'chest-ai';
}

/** Identifies a browser that has logged in before; it grants no access. */
export function deviceCookieName(secure: boolean): string {
  return secure ? '__Host-chest-ai-device' : 'chest-ai-device';
}

/** Between leaving for the login provider and coming back. */
export function authorizationCookieName(secure: boolean): string {
  return secure ? '__Host-chest-ai-login' : 'chest-ai-login';
}

/** @returns undefined if the request has no such cookie (RFC 6265, 5.4) */
export function readCookie(request: Request, name: string): string | undefined {
  for (const pair of (request.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

export interface CookieOptions {
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax';
  readonly path: string;
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
