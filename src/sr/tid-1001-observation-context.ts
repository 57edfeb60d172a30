import { codes } from './codes.js';
import { code, pname, text, uidref, type ContentItem } from './content-item.js';
import { accountAsPersonName } from './legal-value.js';
import type { AlgorithmIdentity } from './report-content.js';

/**
 * TID 1001 Observation Context with TID 1002 Observer Context and TID 1004 Device Observer Identifying Attributes
 * (PS3.16): the observer is a device. Its values equal the header's (IHE AIR Table 6.5.3.1-1).
 *
 * @param algorithm made legal (equipment.ts)
 */
export function deviceObserver(algorithm: AlgorithmIdentity): readonly ContentItem[] {
  return [
    code('HAS OBS CONTEXT', codes.observerType, codes.device),
    uidref('HAS OBS CONTEXT', codes.deviceObserverUid, algorithm.deviceUID),
    text('HAS OBS CONTEXT', codes.deviceObserverName, algorithm.name),
    text('HAS OBS CONTEXT', codes.deviceObserverManufacturer, algorithm.manufacturer),
    text('HAS OBS CONTEXT', codes.deviceObserverModelName, algorithm.name),
    text('HAS OBS CONTEXT', codes.deviceObserverSerialNumber, algorithm.serialNumber),
  ];
}

/**
 * TID 1001 Observation Context with TID 1002 Observer Context and TID 1003 Person Observer Identifying Attributes
 * (PS3.16): the observer is a person, known to us by the name of the account.
 */
export function personObserver(reader: string): readonly ContentItem[] {
  return [
    code('HAS OBS CONTEXT', codes.observerType, codes.person),
    pname('HAS OBS CONTEXT', codes.personObserverName, accountAsPersonName(reader)),
    text('HAS OBS CONTEXT', codes.personObserverLoginName, reader),
  ];
}
