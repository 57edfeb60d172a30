import { Fault } from '../../errors.js';

/** Actors of the audit log that are no accounts. */
const reserved = new Set(['service', 'unknown']);

/** So that in the audit log nobody passes for the service, a token, or two people. @throws Fault `request-invalid` */
export function checkAccountName(name: string): void {
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u.test(name) || reserved.has(name.toLowerCase())) {
    throw new Fault(
      'request-invalid',
      'expected a name of 1 to 100 letters, digits and . _ @ + -, beginning with a letter or digit, other than service and unknown',
    );
  }
}
