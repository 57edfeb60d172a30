import assert from 'node:assert/strict';
import { Fault, type FaultCode } from '../../src/errors.js';

/** For assert.rejects: a Fault of this code, and with this retryability and detail if they are told. */
export function isFault(
  code: FaultCode,
  expected: { readonly retryable?: boolean | undefined; readonly detail?: RegExp } = {},
): (thrown: unknown) => true {
  return (thrown) => {
    assert.ok(thrown instanceof Fault, `a Fault was expected, not ${String(thrown)}`);
    assert.equal(thrown.code, code, thrown.message);
    if (expected.retryable !== undefined) assert.equal(thrown.retryable, expected.retryable, thrown.message);
    if (expected.detail) assert.match(thrown.detail, expected.detail);
    return true;
  };
}
