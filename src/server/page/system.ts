import { systemState, type SystemPorts } from '../../monitoring/system-state.js';
import type { UsedCertificate } from '../../monitoring/certificates.js';
import type { Store } from '../../store/store.js';
import type { ShownSystem, ShownTrends } from '../page-types.js';
import type { SystemPort } from '../ports.js';

const soonMs = 30 * 86_400_000;

/** Disk, clock, versions, certificates and trends, as the interface shows them. */
export function systemPortOf(ports: SystemPorts, store: Pick<Store, 'hourlyFigures'>): SystemPort {
  return {
    async state() {
      const { disk, clock, versions, certificates } = await systemState(ports);
      return {
        disk: {
          neededBytes: disk.neededBytes,
          warnBelowBytes: disk.warnBelowBytes,
          ...(disk.freeBytes === undefined ? {} : { freeBytes: disk.freeBytes }),
        },
        clock: { toleratedMs: clock.toleratedMs, ...(clock.differenceMs === undefined ? {} : { differenceMs: clock.differenceMs }) },
        versions,
        certificates: certificates.map((one) => shownCertificate(one, new Date())),
      };
    },
    async trends(hours): Promise<ShownTrends> {
      const figures = await store.hourlyFigures.last(hours, new Date());
      return { hours: figures.map(({ hour, ...rest }) => ({ hour: hour.toISOString(), ...rest })) };
    },
  };
}

/** @param now decides what is soon: within 30 days */
export function shownCertificate({ use, source, expiresAt, problem }: UsedCertificate, now: Date): ShownSystem['certificates'][number] {
  if (!expiresAt) return { use, source, state: 'unreadable', ...(problem === undefined ? {} : { problem }) };
  const leftMs = expiresAt.getTime() - now.getTime();
  return { use, source, expiresAt: expiresAt.toISOString(), state: leftMs <= 0 ? 'expired' : leftMs <= soonMs ? 'expires-soon' : 'valid' };
}
