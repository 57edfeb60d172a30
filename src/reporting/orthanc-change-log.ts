import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { ChangeLog, PacsChange } from './change-log.js';

const levels: Readonly<Record<string, PacsChange['level']>> = {
  Patient: 'patient',
  Study: 'study',
  Series: 'series',
  Instance: 'instance',
};

/** Orthanc's change log as the stories read it. */
export function changeLogOf(orthanc: OrthancClient): ChangeLog {
  return {
    async changes(since, limit) {
      const { changes, last, done } = await orthanc.changes(since, limit);
      return {
        changes: changes.map(({ seq, type, resourceType, id, date }) => ({ seq, type, level: levels[resourceType] ?? 'other', id, date })),
        last,
        done,
      };
    },
    lastChange: () => orthanc.lastChange(),
    async studiesOf(resources) {
      const studies = await orthanc.studiesOf(
        resources.map(({ level, id }) => ({ level: level === 'series' ? 'Series' : 'Instance', id: id as OrthancId })),
      );
      return studies.map((one) => one.id);
    },
  };
}
