import express, { type RequestHandler } from 'express';
import type { z } from 'zod';
import { Fault } from '../errors.js';

/** Reads a small JSON body. @throws Fault `request-invalid` for one that is too long or is none */
export function jsonBody(limit = '64kb'): RequestHandler {
  const parse = express.json({ limit });
  return (request, response, next) => {
    parse(request, response, (error: unknown) => {
      const status = (error as { status?: unknown } | undefined)?.status;
      next(typeof status === 'number' && status < 500 ? new Fault('request-invalid', `expected a JSON body of at most ${limit}`) : error);
    });
  };
}

/** @throws Fault `request-invalid` naming each place and what was expected there */
export function checkedBody<Schema extends z.ZodType>(body: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  // Paths and expectations only: a message could repeat what was sent.
  throw new Fault('request-invalid', parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; '));
}
