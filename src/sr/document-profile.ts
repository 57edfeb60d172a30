/**
 * Which documents a result is written as, by what reads them. The text report is written always.
 *
 * - `ohif`: boxes as TID 1500 where there is something to point at (OHIF crashes on one without), and heat maps.
 * - `air`: a TID 1500 root for every reported study, as IHE AI Results demands; heat maps, which say nothing that a program
 *   can read, are left out.
 * - `stone`: Orthanc's Stone viewer draws neither; there the heat map shows the place.
 */
export interface DocumentProfile {
  readonly measurementReports: 'with-place' | 'always' | 'never';
  readonly heatMaps: boolean;
}

export const profileNames = ['ohif', 'air', 'stone'] as const;

export const documentProfiles: Readonly<Record<(typeof profileNames)[number], DocumentProfile>> = {
  ohif: { measurementReports: 'with-place', heatMaps: true },
  air: { measurementReports: 'always', heatMaps: false },
  stone: { measurementReports: 'never', heatMaps: true },
};
