import type { DataSet } from '../dicom/data-set.js';
import type { HeaderContent } from './document-header.js';
import { accountAsPersonName, legalString } from './legal-value.js';
import { fractionOf, localTime } from './timezone.js';
import type { Reader } from './verdict-content.js';

/**
 * Verification Flag and Verifying Observer Sequence (PS3.3 C.17.2): VERIFIED only by somebody who may sign, at the moment at
 * which the document was made.
 */
export function verification({ name, verifiesFor }: Reader, { createdAt, source, timezoneOffset }: Pick<HeaderContent, 'createdAt' | 'source' | 'timezoneOffset'>): DataSet {
  if (verifiesFor === undefined) return { VerificationFlag: 'UNVERIFIED', PreliminaryFlag: 'PRELIMINARY' };
  const { date, time, offset } = localTime(createdAt, source, timezoneOffset);
  return {
    VerificationFlag: 'VERIFIED',
    PreliminaryFlag: 'FINAL',
    VerifyingObserverSequence: [
      {
        VerifyingObserverName: accountAsPersonName(name),
        VerifyingObserverIdentificationCodeSequence: [],
        VerifyingOrganization: legalString(verifiesFor, 64),
        VerificationDateTime: `${date}${time}${fractionOf(createdAt)}${offset}`,
      },
    ],
  };
}
