import { Alert, Anchor, Button, NativeSelect, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { ModelsPage, UploadAnalysisResult } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { AnalyzedImageView } from './analyzed-image.js';
import type { SummaryRow } from './summary-rows.js';
import type { SendFile, UploadQueue } from './upload-queue.js';

/** Picture and findings of one row, and beside them those of another model on the same picture. */
export function Details({
  row,
  queue,
  send,
}: {
  readonly row: SummaryRow;
  readonly queue: UploadQueue;
  readonly send: SendFile;
}): ReactNode {
  const { t } = useTexts();
  const [other, setOther] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const { state, id, file } = row.upload;
  const analysis = state.kind === 'analyzed' ? state.analysis : undefined;
  const needsPictures = state.kind === 'analyzed' && !state.withPictures;
  useEffect(() => {
    if (!needsPictures) return;
    const stop = new AbortController();
    queue.loadPictures(id, stop.signal).catch((error: unknown) => !stop.signal.aborted && setProblem(error));
    return () => stop.abort();
  }, [needsPictures, id, queue]);
  const compared = useQuery({
    queryKey: ['analyze', id, other],
    queryFn: ({ signal }) => send({ file, model: other, pictures: true }, () => undefined, signal),
    enabled: other !== '',
    staleTime: Number.POSITIVE_INFINITY,
    // A picture of a patient does not stay in memory longer than the view.
    gcTime: 0,
    retry: false,
  });
  if (!analysis) return null;
  return (
    <section className="card" aria-labelledby="details" data-testid="details" data-path={row.path} style={{ marginTop: '1rem' }}>
      <Title order={2} size="h4" id="details" style={{ overflowWrap: 'anywhere' }}>
        {row.path}
      </Title>
      {problem !== undefined && (
        <Alert color="red" role="alert" mt="xs">
          {sentenceOf(problem, t)}
        </Alert>
      )}
      {row.outcome === 'reported' && <CompareChoice current={analysis.model.version} value={other} onChange={setOther} />}
      <SimpleGrid cols={{ base: 1, md: other === '' ? 1 : 2 }} mt="md" spacing="lg">
        <Side analysis={analysis} index={row.index ?? 0} narrow={other !== ''} />
        {other !== '' && (
          <div>
            {compared.isPending && <Text role="status">{t('analyze.running')}</Text>}
            {compared.isError && (
              <Alert color="red" role="alert">
                {sentenceOf(compared.error, t)}
                <Button size="xs" variant="light" ml="md" onClick={() => void compared.refetch()}>
                  {t('app.tryAgain')}
                </Button>
              </Alert>
            )}
            {compared.data && <Side analysis={compared.data} index={row.index ?? 0} narrow />}
          </div>
        )}
      </SimpleGrid>
    </section>
  );
}

function Side({
  analysis: { images, model, engine, milliseconds },
  index,
  narrow,
}: {
  readonly analysis: UploadAnalysisResult;
  readonly index: number;
  readonly narrow: boolean;
}): ReactNode {
  const { t } = useTexts();
  const image = images[index];
  if (!image) return null;
  return (
    <Stack gap="md" data-testid="analysis" data-version={model.version}>
      {narrow && (
        <Text fw={650}>
          {model.name} <span className="mono">{model.version}</span>
        </Text>
      )}
      <AnalyzedImageView image={image} version={model.version} narrow={narrow} />
      <Text size="sm" className="quiet">
        {t('analyze.by', { model: model.name, version: model.version, engine, ms: milliseconds })} ·{' '}
        <Anchor component={Link} href={`/models/${model.version}`} size="sm" underline="always">
          {t('analyze.card')}
        </Anchor>
      </Text>
    </Stack>
  );
}

/** Versions of the registry to compare with; not shown where there is no other. */
function CompareChoice({
  current,
  value,
  onChange,
}: {
  readonly current: string;
  readonly value: string;
  readonly onChange: (version: string) => void;
}): ReactNode {
  const { t } = useTexts();
  const { data } = useQuery({ queryKey: ['models'], queryFn: () => get<ModelsPage>('/api/models') });
  const others = data?.models.filter(({ version }) => version !== current) ?? [];
  if (others.length === 0) return null;
  return (
    <NativeSelect
      mt="sm"
      maw={480}
      label={t('analyze.compare')}
      data-testid="compare-with"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: '', label: t('analyze.compare.none') },
        ...others.map(({ version, name, role }) => ({ value: version, label: `${name} ${version} (${t(`models.role.${role}`)})` })),
      ]}
    />
  );
}
