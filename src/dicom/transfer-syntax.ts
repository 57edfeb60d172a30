/** Transfer syntaxes by their UID (PS3.6 §A.1, PS3.5 §10 and §A). */
export const transferSyntax = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflatedLittleEndian: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
  encapsulatedUncompressed: '1.2.840.10008.1.2.1.98',
  rle: '1.2.840.10008.1.2.5',
  deflatedFrame: '1.2.840.10008.1.2.8.1',
  jpegBaseline: '1.2.840.10008.1.2.4.50',
  jpegExtended: '1.2.840.10008.1.2.4.51',
  jpegProgressive: '1.2.840.10008.1.2.4.55',
  jpegLossless: '1.2.840.10008.1.2.4.57',
  jpegLosslessFirstOrder: '1.2.840.10008.1.2.4.70',
  jpegLsLossless: '1.2.840.10008.1.2.4.80',
  jpegLsNearLossless: '1.2.840.10008.1.2.4.81',
  jpeg2000Lossless: '1.2.840.10008.1.2.4.90',
  jpeg2000: '1.2.840.10008.1.2.4.91',
  htj2kLossless: '1.2.840.10008.1.2.4.201',
  htj2kLosslessRpcl: '1.2.840.10008.1.2.4.202',
  htj2k: '1.2.840.10008.1.2.4.203',
} as const;

const names: Readonly<Record<string, string>> = {
  [transferSyntax.implicitLittleEndian]: 'Implicit VR Little Endian',
  [transferSyntax.explicitLittleEndian]: 'Explicit VR Little Endian',
  [transferSyntax.deflatedLittleEndian]: 'Deflated Explicit VR Little Endian',
  [transferSyntax.explicitBigEndian]: 'Explicit VR Big Endian',
  [transferSyntax.encapsulatedUncompressed]: 'Encapsulated Uncompressed Explicit VR Little Endian',
  [transferSyntax.rle]: 'RLE Lossless',
  [transferSyntax.deflatedFrame]: 'Deflated Image Frame Compression',
  [transferSyntax.jpegBaseline]: 'JPEG Baseline (Process 1)',
  [transferSyntax.jpegExtended]: 'JPEG Extended (Process 2 and 4)',
  [transferSyntax.jpegProgressive]: 'JPEG Full Progression, Non-Hierarchical (Process 10 and 12)',
  [transferSyntax.jpegLossless]: 'JPEG Lossless (Process 14)',
  [transferSyntax.jpegLosslessFirstOrder]: 'JPEG Lossless (Process 14, Selection Value 1)',
  [transferSyntax.jpegLsLossless]: 'JPEG-LS Lossless',
  [transferSyntax.jpegLsNearLossless]: 'JPEG-LS Near-Lossless',
  [transferSyntax.jpeg2000Lossless]: 'JPEG 2000 Lossless Only',
  [transferSyntax.jpeg2000]: 'JPEG 2000',
  [transferSyntax.htj2kLossless]: 'High-Throughput JPEG 2000 Lossless Only',
  [transferSyntax.htj2kLosslessRpcl]: 'High-Throughput JPEG 2000 with RPCL Lossless Only',
  [transferSyntax.htj2k]: 'High-Throughput JPEG 2000',
};

/** The standard's name, or the UID itself. */
export function transferSyntaxName(uid: string): string {
  return names[uid] ?? uid;
}
