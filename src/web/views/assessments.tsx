import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Decision, HistoryEntry, StudyAssessments } from '../../server/page-types.js';
import { studyApi, studyView } from '../addresses.js';
import { get, post } from '../api.js';
import { assessableFindings, ownDecisionsOf, type AssessableFinding } from '../assessments.js';
import { mayAssess } from '../current-user.js';
import { AddFinding } from '../reading/add-finding.js';
import { AssessmentList } from '../reading/assessment-list.js';
import { FindingChoice } from '../reading/finding-choice.js';
import type { GivenFinding } from '../reading/pending-assessments.js';
import { pending, usePending } from '../reading/use-pending.js';
import { nextToRead } from '../reading/worklist-query.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { useCurrentUser } from '../use-current-user.js';
import { useKeys } from '../use-keys.js';

/** One click or key decides on a finding, one confirms all; each can be taken back for some seconds, and withdrawn later. */
export function AssessmentsPanel({ study, current }: { readonly study: string; readonly current: HistoryEntry }): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const { data: known } = useQuery({
    queryKey: ['assessments', study],
    queryFn: () => get<StudyAssessments>(`${studyApi(study, 'assessments')}?comments=true`),
  });
  // Whoever moves to another study has decided.
  useEffect(() => () => void pending.flush(), []);
  return (
    <Stack gap="sm" mt="lg" data-testid="assessments">
      {mayAssess(user) ? (
        <OwnAssessment study={study} current={current} known={known} reader={user?.name} />
      ) : (
        <>
          <Text fw={600}>{t('assessment.title')}</Text>
          <Text size="sm" className="quiet">
            {t('assessment.viewOnly')}
          </Text>
        </>
      )}
      {known?.othersHidden && (
        <Text size="sm" className="quiet" data-testid="others-hidden">
          {t('assessment.othersHidden')}
        </Text>
      )}
      {known?.labels.some((label) => label.state === 'disagreed') && (
        <Alert color="orange" py="xs">
          {t('assessment.disagreed')}
        </Alert>
      )}
      {known && <AssessmentList assessments={known.assessments} />}
    </Stack>
  );
}

function OwnAssessment({
  study,
  current,
  known,
  reader,
}: {
  readonly study: string;
  readonly current: HistoryEntry;
  readonly known: StudyAssessments | undefined;
  readonly reader: string | undefined;
}): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  usePending();
  const [chosen, setChosen] = useState(0);
  const [commenting, setCommenting] = useState<string>();
  const findings = assessableFindings(current.findings, known?.assessments ?? []);
  const at = Math.min(chosen, findings.length - 1);
  const stored = ownDecisionsOf(known?.assessments ?? [], reader);
  const waiting = pending.decisionsOf(study);
  const assessedDocument = current.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
  const give = (given: readonly GivenFinding[], adjudicates = false): void =>
    pending.give({ study, findings: given, assessedDocument, ...(adjudicates ? { adjudicates } : {}) });
  const decide = ({ name, meaning }: AssessableFinding, decision: Decision, comment?: string): void =>
    give([{ name, meaning, decision, comment: comment ?? stored.get(name)?.comment }]);
  const withdrawal = useMutation({
    mutationFn: (name: string) => post(studyApi(study, 'assessments', 'withdrawals'), { findings: [name] }),
    onSettled: () =>
      Promise.all([['assessments', study], ['worklist'], ['counts']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const withdraw = (name: string): void => {
    if (stored.has(name) && !waiting.has(name)) withdrawal.mutate(name);
  };
  /** What the reader has not decided is decided as the software did. */
  const confirmAll = (): void => {
    const open = current.findings.filter(({ name }) => !waiting.has(name) && !stored.has(name));
    if (open.length > 0) give(open.map(({ name, meaning, decision }) => ({ name, meaning, decision })));
  };
  const confirmAllAndNext = async (): Promise<void> => {
    confirmAll();
    void pending.flush();
    const next = await nextToRead(study, language).catch(() => undefined);
    navigate(next === undefined ? '/worklist' : studyView(next));
  };
  const undo = (): void => {
    const undone = pending.undo()?.findings[0]?.name;
    const index = findings.findIndex(({ name }) => name === undone);
    if (index >= 0) setChosen(index);
  };
  const decideChosen = (decision: Decision): void => {
    const finding = findings[at];
    if (!finding) return;
    decide(finding, decision);
    setChosen(Math.min(at + 1, findings.length - 1));
  };
  useKeys('study', {
    nextFinding: () => setChosen(Math.min(at + 1, findings.length - 1)),
    previousFinding: () => setChosen(Math.max(0, at - 1)),
    present: () => decideChosen('present'),
    undetermined: () => decideChosen('undetermined'),
    absent: () => decideChosen('absent'),
    comment: () => setCommenting(findings[at]?.name),
    addFinding: () => document.getElementById('add-finding')?.focus(),
    undo,
    withdraw: () => findings[at] && withdraw(findings[at].name),
    confirmAllAndNext: () => void confirmAllAndNext(),
  });
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fw={600}>{t('assessment.title')}</Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={confirmAll}>
            {t('assessment.confirmAll')}
          </Button>
          <Button size="xs" aria-keyshortcuts="Enter m" onClick={() => void confirmAllAndNext()} data-testid="confirm-all-and-next">
            {t('assessment.confirmAllAndNext')}
          </Button>
        </Group>
      </Group>
      {findings.map((finding, index) => {
        const { name } = finding;
        const decision = waiting.get(name);
        return (
          <FindingChoice
            key={name}
            finding={finding}
            own={decision ? { decision, comment: stored.get(name)?.comment } : stored.get(name)}
            isPending={decision !== undefined}
            isChosen={index === at}
            isCommenting={commenting === name}
            disagreement={disagreementOn(name, known, t)}
            give={(given) => decide(finding, given)}
            comment={(text) => {
              setCommenting(undefined);
              const stated = decision ?? stored.get(name)?.decision ?? finding.software?.decision;
              if (text !== undefined && stated) decide(finding, stated, text);
            }}
            withdraw={() => withdraw(name)}
            adjudicate={known?.mayAdjudicate ? (final) => give([{ name, meaning: finding.meaning, decision: final }], true) : undefined}
            choose={() => setChosen(index)}
          />
        );
      })}
      {withdrawal.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(withdrawal.error, t)}
        </Alert>
      )}
      <AddFinding known={findings.map(({ name }) => name)} add={({ name, meaning }, decision) => give([{ name, meaning, decision }])} />
      <Text size="sm" className="quiet">
        {t('assessment.hint')} {t('assessment.keys')}
      </Text>
    </>
  );
}

/** "meier present, schulz absent", if the readers disagree on the finding. */
function disagreementOn(name: string, known: StudyAssessments | undefined, t: ReturnType<typeof useTexts>['t']): string | undefined {
  const label = known?.labels.find((one) => one.finding === name && one.state === 'disagreed');
  return label?.statements.map(({ reader, decision }) => `${reader} ${t(`decision.${decision}`).toLowerCase()}`).join(', ');
}
