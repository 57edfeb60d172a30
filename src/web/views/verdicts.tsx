import { Alert, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Decision, HistoryEntry } from '../../server/page-types.js';
import { get, post } from '../api.js';
import type { Me } from '../app.js';
import { sentenceOf } from '../parts/asked.js';
import { byImportance } from '../parts/finding.js';
import { moment } from '../parts/time.js';
import { useTexts } from '../texts/texts.js';

interface Verdict {
  readonly sopInstanceUID: string;
  readonly reader: string;
  readonly verified: boolean;
  readonly givenAt: string | null;
  readonly findings: readonly { readonly name?: string; readonly meaning: string; readonly decision: Decision }[];
}

interface StudyVerdicts {
  readonly verdicts: readonly Verdict[];
  readonly labels: readonly { readonly finding: string; readonly state: 'settled' | 'disagreed' | 'undetermined' }[];
}

const decisions: readonly Decision[] = ['present', 'undetermined', 'absent'];

/** One click on a decision stores the verdict; one click confirms all. */
export function Verdicts({ study, current }: { readonly study: string; readonly current: HistoryEntry }): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const { data: me } = useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/me'), staleTime: 60_000 });
  const { data: known } = useQuery({ queryKey: ['verdicts', study], queryFn: () => get<StudyVerdicts>(`/api/studies/${study}/verdicts`) });
  const judgedDocument = current.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
  const save = useMutation({
    mutationFn: (findings: readonly { readonly name: string; readonly decision: Decision }[]) => post(`/api/studies/${study}/verdicts`, { findings, ...(judgedDocument ? { judgedDocument } : {}) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['verdicts', study] }),
  });
  const mayJudge = me?.roles.some((role) => role === 'reader' || role === 'admin') ?? false;
  const mine = lastOf(known?.verdicts ?? [], me?.name);
  const saved = save.variables;
  return (
    <Stack gap="sm" mt="lg" data-testid="verdicts">
      <Group justify="space-between">
        <Text fw={600}>{t('verdict.title')}</Text>
        {mayJudge && <Button size="xs" loading={save.isPending} onClick={() => save.mutate(current.findings.map(({ name, decision }) => ({ name, decision })))}>{t('verdict.confirmAll')}</Button>}
      </Group>
      {mayJudge ? (
        byImportance(current.findings).map((finding) => (
          <div key={finding.name}>
            <Text size="sm" mb={4}>{finding.meaning}</Text>
            <SegmentedControl
              fullWidth size="xs" disabled={save.isPending} aria-label={t('verdict.of', { finding: finding.meaning })} data-testid={`verdict-${finding.name}`}
              value={mine.get(finding.name) ?? ''} onChange={(decision) => save.mutate([{ name: finding.name, decision: decision as Decision }])}
              data={decisions.map((decision) => ({ value: decision, label: t(`decision.${decision}`) }))}
            />
          </div>
        ))
      ) : (
        <Text size="sm" className="quiet">{t('verdict.mayNot')}</Text>
      )}
      {mayJudge && <Text size="sm" className="quiet">{t('verdict.hint')}</Text>}
      {save.isSuccess && saved && (
        <Alert color="green" role="status" py="xs">{saved.length === 1 ? t('verdict.saved', { finding: meaningOf(current, saved[0]!.name), decision: t(`decision.${saved[0]!.decision}`).toLowerCase() }) : t('verdict.savedAll')}</Alert>
      )}
      {save.isError && <Alert color="red" role="alert" py="xs">{sentenceOf(save.error, t)}</Alert>}
      {known?.labels.some((label) => label.state === 'disagreed') && <Alert color="orange" py="xs">{t('verdict.disagreed')}</Alert>}
      {known && known.verdicts.length > 0 && (
        <div>
          <Text size="sm" fw={600}>{t('verdict.all')}</Text>
          {[...known.verdicts].reverse().map((verdict) => (
            <Text size="sm" key={verdict.sopInstanceUID}>
              {verdict.findings.map((one) => `${one.meaning}: ${t(`decision.${one.decision}`).toLowerCase()}`).join(', ')}
              <span className="quiet"> – {t('verdict.given', { reader: verdict.reader, time: verdict.givenAt ? moment(verdict.givenAt, language) : '?' })}{verdict.verified ? ` · ${t('verdict.verified')}` : ''}</span>
            </Text>
          ))}
        </div>
      )}
    </Stack>
  );
}

/** What this reader said last of each finding; verdicts come oldest first. */
function lastOf(verdicts: readonly Verdict[], reader: string | undefined): ReadonlyMap<string, Decision> {
  return new Map(verdicts.filter((one) => one.reader === reader).flatMap((one) => one.findings.flatMap(({ name, decision }) => (name ? [[name, decision] as const] : []))));
}

function meaningOf(entry: HistoryEntry, name: string): string {
  return entry.findings.find((one) => one.name === name)?.meaning ?? name;
}
