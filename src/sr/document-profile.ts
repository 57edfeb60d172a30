/** Template of a measurement group with a region: TID 1501 with the region below its number, or TID 1410 with the region beside it. */
export type RegionTemplate = '1501' | '1410';

/**
 * The documents of a result, by the systems that read them. The text report is always written.
 *
 * - `ohif`: TID 1500 where a finding has a region (OHIF crashes on one without), in the form that OHIF draws; and heat maps.
 * - `air`: a TID 1500 root for every reported study, as IHE AI Results demands, with every finding as a group and regions as
 *   TID 1410; heat maps, which no program can read, are left out.
 * - `stone`: Orthanc's Stone viewer draws neither; there the heat map shows the region.
 */
export interface DocumentProfile {
  readonly measurementReports: 'with-place' | 'always' | 'never';
  readonly regionTemplate: RegionTemplate;
  readonly heatMaps: boolean;
}

/** A profile that is added here can be selected by `report.profile`. */
export const documentProfiles = {
  ohif: { measurementReports: 'with-place', regionTemplate: '1501', heatMaps: true },
  air: { measurementReports: 'always', regionTemplate: '1410', heatMaps: false },
  stone: { measurementReports: 'never', regionTemplate: '1501', heatMaps: true },
} as const satisfies Readonly<Record<string, DocumentProfile>>;

export type ProfileName = keyof typeof documentProfiles;

export const profileNames = Object.keys(documentProfiles) as [ProfileName, ...ProfileName[]];
