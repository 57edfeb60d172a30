interface TestFile {
  /** Beginning of its name. */
  readonly file: string;
  readonly reason: string;
}

/** Test files that `.ci/run` runs once, in the whole suite: on another Orthanc, or on another Node, they would show nothing new. */
export const onceOnly: Readonly<Record<'orthanc' | 'node', readonly TestFile[]>> = {
  orthanc: [
    { file: 'integration/disk-full', reason: 'the disk is that of the service and its database' },
    { file: 'integration/engine-hang', reason: 'the engine hangs, whatever the PACS' },
    { file: 'integration/drift', reason: 'drift is measured on what the index holds' },
    { file: 'integration/monitoring', reason: 'figures of the service' },
    { file: 'e2e/page', reason: 'the page asks the service, not Orthanc' },
  ],
  node: [
    { file: 'unit/lint', reason: 'the same sources' },
    { file: 'unit/helm-chart', reason: 'the same chart, by helm' },
    { file: 'unit/alert-rules', reason: 'the same rules, by promtool' },
    { file: 'unit/pixels-headers', reason: '20,000 headers, computed alike on every Node' },
    { file: 'unit/pixels-matrix', reason: 'every encoding and photometric interpretation, computed alike on every Node' },
    { file: 'unit/dicom-malformed', reason: '10,000 malformed files, computed alike on every Node' },
  ],
};

/** As parameters of `npm test`. */
export function leaveOut(kind: keyof typeof onceOnly): readonly string[] {
  return onceOnly[kind].map(({ file }) => `-${file}`);
}
