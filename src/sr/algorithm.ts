import { legalString } from './legal-value.js';
import type { AlgorithmIdentity } from './report-content.js';

/**
 * The identity as every place of a document gives it. IHE AIR Table 6.5.3.1-1 wants the same strings in the header
 * (LO, 64 characters), in TID 1004 and in TID 4019, so they are made to fit once, here.
 */
export function legalIdentity(algorithm: AlgorithmIdentity): AlgorithmIdentity {
  return {
    ...algorithm,
    manufacturer: legalString(algorithm.manufacturer, 64),
    name: legalString(algorithm.name, 64),
    version: legalString(algorithm.version, 64),
    serialNumber: legalString(algorithm.serialNumber, 64),
  };
}
