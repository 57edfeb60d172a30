import { Alert, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Decision, HistoryEntry, StudyAssessments } from '../../server/page-types.js';
import { get, post } from '../api.js';
import { sortedByImportance } from '../finding-order.js';
import { moment } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { decisionOptions, lastDecisionsOf } from '../assessments.js';
import { mayAssess } from '../current-user.js';
import { useCurrentUser } from '../use-current-user.js';
import { studyApi } from '../addresses.js';

/** One click on a decision stores the assessment; one click confirms all. */
export function AssessmentsPanel({ study, current }: { readonly study: string; readonly current: HistoryEntry }): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const user = useCurrentUser();
  const { data: known } = useQuery({
    queryKey: ['assessments', study],
    queryFn: () => get<StudyAssessments>(studyApi(study, 'assessments')),
  });
  const assessedDocument = current.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
  const save = useMutation({
    mutationFn: (findings: readonly { readonly name: string; readonly decision: Decision }[]) =>
      post(studyApi(study, 'assessments'), { findings, ...(assessedDocument ? { assessedDocument } : {}) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['assessments', study] }),
  });
  const may = mayAssess(user);
  const mine = lastDecisionsOf(known?.assessments ?? [], user?.name);
  const saved = save.variables;
  return (
    <Stack gap="sm" mt="lg" data-testid="assessments">
      <Group justify="space-between">
        <Text fw={600}>{t('assessment.title')}</Text>
        {may && (
          <Button
            size="xs"
            loading={save.isPending}
            onClick={() => save.mutate(current.findings.map(({ name, decision }) => ({ name, decision })))}
          >
            {t('assessment.confirmAll')}
          </Button>
        )}
      </Group>
      {may ? (
        sortedByImportance(current.findings).map((finding) => (
          <div key={finding.name}>
            <Text size="sm" mb={4}>
              {finding.meaning}
            </Text>
            <SegmentedControl
              fullWidth
              size="xs"
              disabled={save.isPending}
              aria-label={t('assessment.of', { finding: finding.meaning })}
              data-testid={`assessment-${finding.name}`}
              value={mine.get(finding.name) ?? ''}
              onChange={(decision) => save.mutate([{ name: finding.name, decision: decision as Decision }])}
              data={decisionOptions.map((decision) => ({ value: decision, label: t(`decision.${decision}`) }))}
            />
          </div>
        ))
      ) : (
        <Text size="sm" className="quiet">
          {t('assessment.viewOnly')}
        </Text>
      )}
      {may && (
        <Text size="sm" className="quiet">
          {t('assessment.hint')}
        </Text>
      )}
      {save.isSuccess && saved && (
        <Alert color="green" role="status" py="xs">
          {saved.length === 1
            ? t('assessment.saved', {
                finding: meaningOf(current, saved[0]!.name),
                decision: t(`decision.${saved[0]!.decision}`).toLowerCase(),
              })
            : t('assessment.savedAll')}
        </Alert>
      )}
      {save.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(save.error, t)}
        </Alert>
      )}
      {known?.labels.some((label) => label.state === 'disagreed') && (
        <Alert color="orange" py="xs">
          {t('assessment.disagreed')}
        </Alert>
      )}
      {known && known.assessments.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t('assessment.all')}
          </Text>
          {[...known.assessments].reverse().map((assessment) => (
            <Text size="sm" key={assessment.sopInstanceUID}>
              {assessment.findings.map((one) => `${one.meaning}: ${t(`decision.${one.decision}`).toLowerCase()}`).join(', ')}
              <span className="quiet">
                {' '}
                –{' '}
                {t('assessment.given', {
                  reader: assessment.reader,
                  time: assessment.givenAt ? moment(assessment.givenAt, language) : '?',
                })}
                {assessment.verified ? ` · ${t('assessment.verified')}` : ''}
              </span>
            </Text>
          ))}
        </div>
      )}
    </Stack>
  );
}

function meaningOf(entry: HistoryEntry, name: string): string {
  return entry.findings.find((one) => one.name === name)?.meaning ?? name;
}
