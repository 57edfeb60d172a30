import { Fault } from '../../errors.js';

/** Actors of the audit log that are no accounts. */
const reserved = new Set(['service', 'unknown']);

/** In the audit log an account must not be mistaken for the service or a token, and have one spelling only. @throws Fault `request-invalid` */
export function checkAccountName(name: string): void {
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u.test(name) || reserved.has(name.toLowerCase())) {
    throw new Fault(
      'request-invalid',
      'expected a name of 1 to 100 letters, digits and . _ @ + -, beginning with a letter or digit, other than service and unknown',
    );
  }
}
