import { SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownSystem } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { isText } from '../../texts/en.js';
import { useTexts, type Translate } from '../../texts/texts.js';
import { StatusCard } from './status-cards.js';

/** Disk, clock, versions and certificates. */
export function SystemCards(): ReactNode {
  const query = useQuery({ queryKey: ['system'], queryFn: () => get<ShownSystem>('/api/system'), refetchInterval: 60_000 });
  return <QueryBoundary query={query}>{(system) => <Cards system={system} />}</QueryBoundary>;
}

function Cards({ system: { disk, clock, versions, certificates } }: { readonly system: ShownSystem }): ReactNode {
  const { t, language } = useTexts();
  const bytes = (n: number): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit: n < 1e9 ? 'megabyte' : 'gigabyte', maximumFractionDigits: 1 }).format(
      n / (n < 1e9 ? 1e6 : 1e9),
    );
  const seconds = (ms: number): string => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(ms / 1000);
  const free = disk.freeBytes;
  const skew = clock.differenceMs;
  const isRight = skew === undefined || skew <= clock.toleratedMs;
  const attention = certificates.filter(({ state }) => state !== 'valid');
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="md">
      <StatusCard
        name={t('system.disk')}
        good={free !== undefined && free >= disk.warnBelowBytes}
        value={
          free === undefined
            ? t('system.unknown')
            : t(free >= disk.warnBelowBytes ? 'system.free' : 'system.diskLow', { free: bytes(free) })
        }
        more={t('system.diskNeeded', { needed: bytes(disk.neededBytes) })}
      />
      <StatusCard
        name={t('system.clock')}
        good={isRight}
        value={
          skew === undefined ? t('system.unknown') : isRight ? t('system.clockRight') : t('system.clockDiffers', { seconds: seconds(skew) })
        }
        more={skew === undefined ? '' : t('system.clockMore', { seconds: seconds(skew), tolerated: seconds(clock.toleratedMs) })}
      />
      <StatusCard
        name={t('system.versions')}
        good
        value={versions.service}
        more={
          <dl className="versions">
            {(['orthanc', 'dicomWeb', 'database', 'engine', 'node', 'system'] as const).map((part) => (
              <div key={part}>
                <dt>{t(`system.version.${part}`)}</dt>
                <dd>{versions[part] ?? t('system.unknown')}</dd>
              </div>
            ))}
          </dl>
        }
      />
      <StatusCard
        name={t('system.certificates')}
        good={attention.length === 0}
        value={
          certificates.length === 0
            ? t('system.noCertificates')
            : attention.length === 0
              ? t('system.certificatesValid')
              : t('system.certificatesAttention', { n: attention.length })
        }
        more={certificates.map((one) => <Certificate key={`${one.use} ${one.source}`} certificate={one} />)}
      />
    </SimpleGrid>
  );
}

function Certificate({ certificate }: { readonly certificate: ShownSystem['certificates'][number] }): ReactNode {
  const { t, language } = useTexts();
  const { use, source, state, expiresAt, problem = '' } = certificate;
  const date = expiresAt === undefined ? '' : new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(expiresAt));
  return (
    <div>
      <span title={source}>{useName(use, t)}</span>:{' '}
      <Text span inherit className={state === 'valid' ? '' : 'present'}>
        {t(`system.certificate.${state}`, { date, problem })}
      </Text>
    </div>
  );
}

/** A channel has the name of the settings. */
function useName(use: string, t: Translate): string {
  const key = `system.certificateUse.${use}`;
  return isText(key) ? t(key) : use.replace(/^channel /, '');
}
