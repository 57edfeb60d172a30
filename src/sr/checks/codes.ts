import { sameConcept, type CodedConcept } from '../../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { codes } from '../codes.js';

const fixed: readonly CodedConcept[] = Object.values(codes);

/** Copied from the images: with the patient, and with the request. Their codes are the hospital's. */
const copied = /^(Deidentification|ReferencedRequestSequence$)/;

/**
 * Every code complete (PS3.3 Table 8.8-1), and either one that our templates prescribe, to the letter of its meaning,
 * or one of config/findings.json, or a procedure of the images. What was copied with patient and request is not checked.
 */
export function checkCodes(document: DataSet, configured: readonly CodedConcept[] | undefined): readonly string[] {
  return codeSequencesIn(document, '').flatMap(({ item, keyword, path }) => {
    const concept = conceptOf({ [keyword]: [item] }, keyword);
    if (!concept && textOf(item, 'URNCodeValue') === undefined) return [`${path}: a code needs a value and a scheme`];
    const found = concept ?? { value: textOf(item, 'URNCodeValue')!, scheme: '', meaning: textOf(item, 'CodeMeaning') ?? '' };
    if (found.meaning === '') return [`${path}: a code needs a meaning (${found.value})`];
    const known = [...fixed, ...(configured ?? [])].filter(
      (one) => sameConcept(one, found) || (found.scheme === '' && one.value === found.value),
    );
    if (known.length === 0)
      return configured ? [`${path}: code ${found.value} ${found.scheme} is neither of a template nor in config/findings.json`] : [];
    return known.some((one) => one.meaning === found.meaning)
      ? []
      : [`${path}: code ${found.value} ${found.scheme} means "${known[0]!.meaning}", found "${found.meaning}"`];
  });
}

interface Found {
  readonly item: DataSet;
  readonly keyword: string;
  readonly path: string;
}

function codeSequencesIn(dataSet: DataSet, path: string): readonly Found[] {
  return Object.keys(dataSet).flatMap((keyword) =>
    copied.test(keyword)
      ? []
      : itemsOf(dataSet, keyword).flatMap((item, index) => {
          const here =
            keyword === 'ContentSequence' ? `${path === '' ? 'root' : path}.${index + 1}` : `${path === '' ? '' : `${path} `}${keyword}`;
          return keyword.endsWith('CodeSequence') ? [{ item, keyword, path: here }] : codeSequencesIn(item, here);
        }),
  );
}
