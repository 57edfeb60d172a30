import { Anchor, Collapse, Group, SimpleGrid, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Operations } from '../../../server/page-types.js';
import { knownSentence } from '../../texts/known-sentence.js';
import { useTexts, type TextKey } from '../../texts/texts.js';

/** The parts of the service, each with its state. */
export function StatusCards({ operations: { orthanc, database, engine, model } }: { readonly operations: Operations }): ReactNode {
  const { t } = useTexts();
  const connected = orthanc.state === 'answers';
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="md">
      <StatusCard
        name={t('operations.orthanc')}
        good={connected}
        value={connected ? t('operations.connected') : orthanc.state}
        more={[orthanc.version, orthanc.url].filter(Boolean).join(' · ')}
      />
      <StatusCard
        name={t('operations.database')}
        good={database.state === 'answers'}
        value={t('operations.connected')}
        more={t(`operations.database.${database.kind}` as TextKey)}
      />
      <StatusCard name={t('operations.engine')} good value={engine.name} more={<EngineReason why={engine.why} />} />
      <StatusCard
        name={t('operations.model')}
        good
        value={model.name}
        more={
          <Anchor component={Link} href={`/models/${model.version}`} size="sm" className="mono">
            {model.version}
          </Anchor>
        }
      />
    </SimpleGrid>
  );
}

/** The measurements that led to the choice of the engine. */
function EngineReason({ why }: { readonly why: string }): ReactNode {
  const { t, language } = useTexts();
  const known = knownSentence(why, t, language);
  const [open, { toggle }] = useDisclosure(false);
  return (
    <>
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={open}>
        {t('operations.engineReason')}
      </Anchor>
      <Collapse expanded={open}>
        <span lang={known === undefined ? 'en' : language} data-testid="engine-reason">
          {known ?? why}
        </span>
      </Collapse>
    </>
  );
}

/** The state of one part of the service. */
export function StatusCard({
  name,
  value,
  more,
  good,
}: {
  readonly name: string;
  readonly value: string;
  readonly more: ReactNode;
  readonly good: boolean;
}): ReactNode {
  return (
    <section className="card" aria-label={name}>
      <Group gap={8}>
        <span className="live" data-lost={!good} aria-hidden />
        <Text size="sm" className="quiet">
          {name}
        </Text>
      </Group>
      <Text fw={650} className={good ? '' : 'present'}>
        {value}
      </Text>
      <Text component="div" size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
        {more}
      </Text>
    </section>
  );
}
