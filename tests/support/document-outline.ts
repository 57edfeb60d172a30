import { itemsOf, textOf, type DataSet } from '../../src/dicom/data-set.js';

/**
 * One document as lines of text that a person can compare: each content item, indented by its depth in the tree, and the attributes
 * that viewers and archives read. What differs between two runs or machines is replaced: UIDs by their order of appearance, dates and
 * times by their kind, digests and the engine by their names. Measured values are marked with `≈`, because the last digit of a
 * network's output depends on the processor.
 */
export function documentOutline(dataSet: DataSet): readonly string[] {
  const outline = new Outline();
  outline.attributes(dataSet, 0);
  return outline.lines;
}

const bulk = new Set(['PixelData', '_meta', '_vrMap']);

class Outline {
  readonly lines: string[] = [];
  readonly #uids = new Map<string, number>();

  attributes(dataSet: DataSet, depth: number): void {
    for (const keyword of Object.keys(dataSet).sort()) {
      if (bulk.has(keyword)) continue;
      if (keyword === 'ContentSequence') {
        for (const item of itemsOf(dataSet, keyword)) this.#contentItem(item, depth);
        continue;
      }
      const items = itemsOf(dataSet, keyword);
      if (items.length > 0) {
        for (const item of items) {
          if (isCode(item)) {
            this.#line(depth, `${keyword} ${codeText(item)}`);
            continue;
          }
          this.#line(depth, `${keyword}:`);
          this.attributes(item, depth + 1);
        }
      } else this.#line(depth, `${keyword} = ${this.#value(keyword, dataSet[keyword])}`);
    }
  }

  #contentItem(item: DataSet, depth: number): void {
    const { RelationshipType: relationship, ValueType: type, ConceptNameCodeSequence: _name, ContentSequence: _children, ...rest } = item;
    const [concept] = itemsOf(item, 'ConceptNameCodeSequence');
    this.#line(depth, `${String(relationship)} ${String(type)} ${concept ? codeText(concept) : ''}`.trimEnd());
    this.attributes(rest, depth + 2);
    for (const child of itemsOf(item, 'ContentSequence')) this.#contentItem(child, depth + 1);
  }

  #line(depth: number, text: string): void {
    this.lines.push(`${'  '.repeat(depth)}${text}`);
  }

  #value(keyword: string, value: unknown): string {
    if (/(Date|DateTime|Time)$/.test(keyword) && value !== '')
      return `<${keyword.replace(/^.*?(DateTime|Date|Time)$/, '$1').toLowerCase()}>`;
    if (keyword === 'TimezoneOffsetFromUTC') return '<offset>';
    if (['NumericValue', 'GraphicData'].includes(keyword)) return numbersIn(value);
    const text = JSON.stringify(value) ?? '';
    return text
      .replace(/\b(2\.25\.\d+|\d+(?:\.\d+){3,})\b/g, (uid) => this.#uid(uid))
      .replace(/\b(input|content) [0-9a-f]{32}/g, '$1 <digest>')
      .replace(/engine [^"]*/g, 'engine <engine>')
      .replace(/(\d+(?:\.\d+)?) ?%/g, '≈$1 %');
  }

  #uid(uid: string): string {
    if (uid.startsWith('1.2.840.10008.')) return uid;
    if (!this.#uids.has(uid)) this.#uids.set(uid, this.#uids.size + 1);
    return `<uid ${this.#uids.get(uid)}>`;
  }
}

function isCode(item: DataSet): boolean {
  return Object.keys(item).length === 3 && textOf(item, 'CodeValue') !== undefined && textOf(item, 'CodeMeaning') !== undefined;
}

function codeText(item: DataSet): string {
  return `(${textOf(item, 'CodeValue')}, ${textOf(item, 'CodingSchemeDesignator')}, "${textOf(item, 'CodeMeaning')}")`;
}

function numbersIn(value: unknown): string {
  return [value]
    .flat()
    .map((one) => `≈${Number(one)}`)
    .join(' ');
}

/** @returns the differences of two outlines: none if the texts are equal and each number marked with `≈` is within 1 or 1 % */
export function differencesOf(actual: readonly string[], expected: readonly string[]): readonly string[] {
  const marked = /≈(-?\d+(?:\.\d+)?)/g;
  const numbers = (line: string): readonly number[] => [...line.matchAll(marked)].map((match) => Number(match[1]));
  const isSame = (a: string, b: string): boolean => {
    const wanted = numbers(b);
    return (
      a.replace(marked, '≈') === b.replace(marked, '≈') &&
      numbers(a).every((one, index) => Math.abs(one - wanted[index]!) <= Math.max(1, Math.abs(wanted[index]!) / 100))
    );
  };
  return Array.from({ length: Math.max(actual.length, expected.length) }, (_, index) => index).flatMap((index) => {
    const [a = '(nothing)', b = '(nothing)'] = [actual[index], expected[index]];
    return isSame(a, b) ? [] : [`line ${index + 1}: expected ${b.trim()}, found ${a.trim()}`];
  });
}
