import type { Request } from 'express';
import type { z } from 'zod';
import { Fault } from '../errors.js';

/** What a request brings, checked. What was found is not repeated: it may be a password. @throws Fault `request-invalid` */
export function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  if (holdsNul(request.body)) throw new Fault('request-invalid', 'expected texts without the character NUL');
  const result = schema.safeParse(request.body);
  // No name and no sentence has one, and the database takes none.
  if (result.success && JSON.stringify(request.body).includes('\\u0000'))
    throw new Fault('request-invalid', 'expected texts without control characters');
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new Fault('request-invalid', mistakes.join('; ').slice(0, 500));
}

/** No value of ours holds one, and PostgreSQL keeps no text with one. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, one]) => name.includes('\0') || holdsNul(one));
}
