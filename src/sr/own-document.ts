import { itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { contribution, stationName } from './equipment.js';

/**
 * Whether this program wrote the report or heat map, with any model and any settings. Metadata suffice: WADO-RS gives the
 * Contributing Equipment Sequence; where only series attributes are at hand, the Station Name tells.
 */
export function isOwnDocument(dataSet: DataSet): boolean {
  if (!['SR', 'OT'].includes(textOf(dataSet, 'Modality') ?? '')) return false;
  const contributions = itemsOf(dataSet, 'ContributingEquipmentSequence').map((item) => textOf(item, 'ContributionDescription'));
  return contributions.includes(contribution) || textOf(dataSet, 'StationName') === stationName;
}
