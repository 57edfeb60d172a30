import { itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { ownScheme } from './codes.js';
import { legalString } from './legal-value.js';

/**
 * Coding Scheme Identification Sequence (0008,0110) of SOP Common (PS3.3 C.12.1): the organisation responsible for each private coding
 * scheme in the document. Private designators begin with 99 (PS3.16 §8.2).
 *
 * @param source the image that codes were copied from; it may identify the hospital's own schemes
 */
export function codingSchemes(document: DataSet, source: DataSet): DataSet {
  const designators = [...new Set(designatorsIn(document))].filter((one) => one.startsWith('99')).sort();
  if (designators.length === 0) return {};
  return { CodingSchemeIdentificationSequence: designators.map((one) => (one === ownScheme ? own : elsewhere(one, source))) };
}

const own: DataSet = {
  CodingSchemeDesignator: ownScheme,
  CodingSchemeName: "orthanc-chest-ai: readers' assessments and findings without a public code",
  CodingSchemeResponsibleOrganization: 'orthanc-chest-ai',
};

function elsewhere(designator: string, source: DataSet): DataSet {
  const stated =
    itemsOf(source, 'CodingSchemeIdentificationSequence').find((item) => textOf(item, 'CodingSchemeDesignator') === designator) ?? {};
  const name = legalString(textOf(stated, 'CodingSchemeName') ?? '', 64);
  const organization = legalString(textOf(stated, 'CodingSchemeResponsibleOrganization') ?? '', 64);
  return {
    CodingSchemeDesignator: designator,
    ...(name ? { CodingSchemeName: name } : {}),
    ...(organization ? { CodingSchemeResponsibleOrganization: organization } : {}),
  };
}

function designatorsIn(dataSet: DataSet): readonly string[] {
  return Object.keys(dataSet).flatMap((keyword) =>
    keyword === 'CodingSchemeDesignator' ? [textOf(dataSet, keyword) ?? ''] : itemsOf(dataSet, keyword).flatMap(designatorsIn),
  );
}
