/** The part of dcmjs that we use; the package ships no types. */
declare module 'dcmjs' {
  interface DictionaryEntry {
    readonly tag: string;
    readonly vr: string;
    readonly vm: string;
    readonly name: string;
  }
  interface WrittenElement {
    readonly vr: string;
    readonly Value: readonly unknown[];
  }
  type WrittenDataSet = Readonly<Record<string, WrittenElement>>;
  class DicomDict {
    constructor(meta: WrittenDataSet);
    dict: WrittenDataSet;
    write(options?: { readonly allowInvalidVRLength?: boolean }): ArrayBuffer;
  }
  const dcmjs: {
    readonly data: {
      readonly DicomDict: typeof DicomDict;
      readonly DicomMetaDictionary: {
        readonly dictionary: Readonly<Record<string, DictionaryEntry | undefined>>;
        readonly nameMap: Readonly<Record<string, DictionaryEntry | undefined>>;
      };
    };
    readonly log: { setLevel(level: string): void; readonly levels: Readonly<Record<string, number>> };
  };
  export default dcmjs;
}
