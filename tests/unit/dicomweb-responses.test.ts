import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requireWholeMultipart } from '../../src/dicomweb/multipart.js';
import { readStoreResponse } from '../../src/dicomweb/store-response.js';
import { isFault } from '../support/fault.js';

const refused = (reason?: number) => ({
  FailedSOPSequence: [{ ReferencedSOPInstanceUID: '1.2.3', ...(reason === undefined ? {} : { FailureReason: reason }) }],
});

describe('answers of STOW-RS (PS3.18 §10.5.3)', () => {
  test('all taken, one with a warning', () => {
    const answer = {
      ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '1.2.1' }, { ReferencedSOPInstanceUID: '1.2.2', WarningReason: 0xb000 }],
    };
    assert.deepEqual(readStoreResponse(answer, 2, {}), [{ sopInstanceUID: '1.2.1' }, { sopInstanceUID: '1.2.2', warningReason: 0xb000 }]);
  });

  test('a refusal names its reason and its instance; only a lack of resources can pass', () => {
    for (const [reason, words, retryable] of [
      [0xa700, /out of resources \(0xA700\)/, true],
      [0xa900, /does not match its SOP class/, false],
      [0x0122, /SOP class not supported/, false],
      [0xc000, /cannot understand/, false],
      [0x0110, /processing failure/, false],
      [0x9999, /failure \(0x9999\)/, false],
      [undefined, /no reason given/, false],
    ] as const) {
      assert.throws(
        () => readStoreResponse(refused(reason), 1, { studyInstanceUID: '9.8' }),
        (thrown) =>
          isFault('pacs-rejected', { retryable })(thrown) &&
          words.test(String(thrown)) &&
          /instance 1\.2\.3/.test(String(thrown)) &&
          /study 9\.8/.test(String(thrown)),
      );
    }
  });

  test('fewer named than sent is a refusal, too', () => {
    assert.throws(
      () => readStoreResponse({ ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '1.2.1' }] }, 2, {}),
      isFault('pacs-rejected'),
    );
    assert.throws(() => readStoreResponse({}, 1, {}), isFault('pacs-rejected'));
  });
});

describe('multipart bodies (RFC 2046 §5.1.1)', () => {
  const type = 'multipart/related; type="application/dicom"; boundary="edge-1"';
  const body = (text: string) => Buffer.from(text, 'latin1');

  test('whole ones pass, with or without a line end behind', () => {
    for (const end of ['', '\r\n', '\r\nepilogue']) requireWholeMultipart(body(`--edge-1\r\n\r\nabc\r\n--edge-1--${end}`), type, {});
    requireWholeMultipart(body('--e\r\n\r\nabc\r\n--e--'), 'multipart/related; boundary=e; type="application/dicom"', {});
  });

  test('any shorter body is refused', () => {
    const whole = '--edge-1\r\n\r\nabc\r\n--edge-1--';
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => requireWholeMultipart(body(whole.slice(0, length)), type, {}), isFault('pacs-malformed', { retryable: true }));
    assert.throws(() => requireWholeMultipart(body(whole), 'multipart/related', {}), isFault('pacs-malformed'));
  });
});
