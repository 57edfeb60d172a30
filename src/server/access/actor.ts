import type { Request, Response } from 'express';
import type { Principal } from './roles.js';

/** The user or program that sends a request, and its address, for the audit log. */
export function actorOf(request: Request, response: Response): { readonly actor: string; readonly remote: string } {
  const principal = response.locals['principal'] as Principal | undefined;
  return { actor: principal?.name ?? 'unknown', remote: request.ip ?? '' };
}
