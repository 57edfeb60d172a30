import { codes } from './codes.js';
import { code, text, uidref, type ContentItem } from './content-item.js';
import type { AlgorithmIdentity } from './report-content.js';

/**
 * TID 1001 Observation Context with TID 1002 Observer Context and TID 1004 Device Observer Identifying Attributes
 * (PS3.16): a device speaks, not a person. Its values equal the header's (IHE AIR Table 6.5.3.1-1).
 *
 * @param algorithm made legal (algorithm.ts)
 */
export function observationContext(algorithm: AlgorithmIdentity): readonly ContentItem[] {
  return [
    code('HAS OBS CONTEXT', codes.observerType, codes.device),
    uidref('HAS OBS CONTEXT', codes.deviceObserverUid, algorithm.deviceUID),
    text('HAS OBS CONTEXT', codes.deviceObserverName, algorithm.name),
    text('HAS OBS CONTEXT', codes.deviceObserverManufacturer, algorithm.manufacturer),
    text('HAS OBS CONTEXT', codes.deviceObserverModelName, algorithm.name),
    text('HAS OBS CONTEXT', codes.deviceObserverSerialNumber, algorithm.serialNumber),
  ];
}
