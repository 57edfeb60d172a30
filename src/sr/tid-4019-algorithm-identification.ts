import { codes } from './codes.js';
import { code, text, type ContentItem, type Relationship } from './content-item.js';
import type { AlgorithmIdentity } from './report-content.js';

/**
 * TID 4019 Algorithm Identification (PS3.16): name, version, parameters and family.
 *
 * @param algorithm made legal (equipment.ts)
 * @param relationship HAS CONCEPT MOD in a measurement group, CONTAINS in a section of text
 * @param moreParameters thresholds
 */
export function algorithmIdentification(
  algorithm: AlgorithmIdentity,
  relationship: Relationship,
  moreParameters: readonly string[] = [],
): readonly ContentItem[] {
  return [
    text(relationship, codes.algorithmName, algorithm.name),
    text(relationship, codes.algorithmVersion, algorithm.version),
    ...[...algorithm.parameters, ...moreParameters]
      .filter((one) => one.trim() !== '')
      .map((one) => text(relationship, codes.algorithmParameters, one)),
    code(relationship, codes.algorithmFamily, codes.artificialIntelligence),
  ];
}
