import { itemsOf, textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import { maxMatchedLength } from './pattern.js';
import type { RoutingAttribute } from './rules.js';

/** Of one attribute in one series; further ones are not looked at. */
const maxValues = 100;

/** What routing sees of one series: values by attribute; an attribute without a value is absent. */
export interface SeriesFacts {
  readonly seriesInstanceUID: string;
  readonly values: Readonly<Partial<Record<RoutingAttribute, readonly string[]>>>;
  /** The instances of the series, as the metadata gave them. */
  readonly instances: readonly DataSet[];
}

/** How the study reached Orthanc. */
export interface Arrival {
  readonly callingAeTitle?: string | undefined;
  readonly calledAeTitle?: string | undefined;
}

/** Groups the instances of a study by series and collects what rules can ask for. */
export function seriesFactsOf(instances: readonly DataSet[], arrival: Arrival = {}): readonly SeriesFacts[] {
  const bySeries = new Map<string, DataSet[]>();
  for (const instance of instances) {
    const uid = textOf(instance, 'SeriesInstanceUID') ?? '';
    const series = bySeries.get(uid);
    if (series) series.push(instance);
    else bySeries.set(uid, [instance]);
  }
  return [...bySeries].map(([seriesInstanceUID, members]) => ({
    seriesInstanceUID,
    instances: members,
    values: collectValues(members, arrival),
  }));
}

function collectValues(instances: readonly DataSet[], arrival: Arrival): SeriesFacts['values'] {
  const all = (keyword: string): readonly string[] => unique(instances.flatMap((one) => textsOf(one, keyword)));
  const description = unique([...all('StudyDescription'), ...all('SeriesDescription'), ...all('ProtocolName')]);
  const values: Record<RoutingAttribute, readonly string[]> = {
    // A defined term, which some writers leave in lower case.
    modality: unique(all('Modality').map((text) => text.toUpperCase())),
    bodyPart: unique([...all('BodyPartExamined'), ...meanings(instances, 'AnatomicRegionSequence')]),
    view: unique([...all('ViewPosition'), ...meanings(instances, 'ViewCodeSequence')]),
    studyDescription: all('StudyDescription'),
    seriesDescription: all('SeriesDescription'),
    protocolName: all('ProtocolName'),
    description,
    stationName: all('StationName'),
    institutionName: all('InstitutionName'),
    manufacturer: all('Manufacturer'),
    sopClass: all('SOPClassUID'),
    callingAeTitle: arrival.callingAeTitle ? [arrival.callingAeTitle] : [],
    calledAeTitle: arrival.calledAeTitle ? [arrival.calledAeTitle] : [],
  };
  return Object.fromEntries(Object.entries(values).filter(([, found]) => found.length > 0));
}

function meanings(instances: readonly DataSet[], sequence: string): readonly string[] {
  return instances.flatMap((one) => itemsOf(one, sequence).map((item) => textOf(item, 'CodeMeaning') ?? '')).filter((text) => text !== '');
}

/** Each value once, of what a sender wrote no more than rules can need. */
function unique(texts: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const text of texts) {
    if (text !== '') found.add(text.slice(0, maxMatchedLength));
    if (found.size === maxValues) break;
  }
  return [...found];
}
