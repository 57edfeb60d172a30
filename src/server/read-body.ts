import type { Request } from 'express';
import type { z } from 'zod';
import { Fault } from '../errors.js';

/** What a request brings, checked. What was found is not repeated: it may be a password. @throws Fault `request-invalid` */
export function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(request.body);
  // No name and no sentence has one, and the database takes none.
  if (result.success && JSON.stringify(request.body).includes('\\u0000')) throw new Fault('request-invalid', 'expected texts without control characters');
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new Fault('request-invalid', mistakes.join('; ').slice(0, 500));
}
