import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type ReactNode } from 'react';
import type { Decision, HistoryEntry, StudyAssessments } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { get, post } from '../api.js';
import { assessableFindings, ownDecisionsOf, type AssessableFinding, type OwnDecision } from '../assessments.js';
import { mayAssess } from '../current-user.js';
import { AddFinding } from '../reading/add-finding.js';
import { AssessmentList } from '../reading/assessment-list.js';
import { FindingChoice } from '../reading/finding-choice.js';
import type { GivenFinding } from '../reading/given-step.js';
import { pending, usePending } from '../reading/use-pending.js';
import { useNextToRead } from '../reading/use-next-to-read.js';
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
  const { t } = useTexts();
  const client = useQueryClient();
  const { undone } = usePending();
  const [chosen, setChosen] = useState(0);
  const [commenting, setCommenting] = useState<string>();
  const findings = assessableFindings(current.findings, known?.assessments ?? []);
  const at = Math.min(chosen, findings.length - 1);
  const stored = ownDecisionsOf(known?.assessments ?? [], reader);
  const waiting = pending.decisionsOf(study);
  const assessedDocument = current.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
  const give = (given: readonly GivenFinding[], adjudicates = false): void =>
    pending.give({ study, findings: given, assessedDocument, ...(adjudicates ? { adjudicates } : {}) });
  const ownOf = (name: string): OwnDecision | undefined => {
    const decided = waiting.get(name);
    return decided ? { comment: stored.get(name)?.comment, ...decided } : stored.get(name);
  };
  const decide = ({ name, meaning }: AssessableFinding, decision: Decision, comment?: string): void => {
    setCommenting(undefined);
    give([{ name, meaning, decision, comment: comment ?? ownOf(name)?.comment }]);
  };
  const isWithdrawing = useRef(false);
  const withdrawal = useMutation({
    mutationFn: (name: string) => post(studyApi(study, 'assessments', 'withdrawals'), { findings: [name] }),
    onSettled: () => {
      isWithdrawing.current = false;
      return Promise.all([['assessments', study], ['worklist'], ['counts']].map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
  const withdraw = (name: string): void => {
    // A second one would be refused: the assessment does not count any more.
    if (isWithdrawing.current || withdrawal.isPending || !stored.has(name) || waiting.has(name)) return;
    isWithdrawing.current = true;
    withdrawal.mutate(name);
  };
  /** What the reader has not decided is decided as the software did. */
  const confirmAll = (): void => {
    // Before the reader's own decisions are known, those of the software would replace them.
    if (!known) return;
    const open = current.findings.filter(({ name }) => !waiting.has(name) && !stored.has(name));
    if (open.length > 0) give(open.map(({ name, meaning, decision }) => ({ name, meaning, decision })));
  };
  const leaving = useNextToRead(study);
  const confirmAllAndNext = (): void => {
    if (!known || leaving.isUnderWay()) return;
    confirmAll();
    leaving.go();
  };
  // Its finding is the chosen one again, whichever key or button took the decision back.
  const [shownUndone, setShownUndone] = useState(undone);
  if (undone !== shownUndone) {
    setShownUndone(undone);
    const index = findings.findIndex(({ name }) => undone?.study === study && name === undone.findings[0]?.name);
    if (index >= 0) setChosen(index);
  }
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
    withdraw: () => findings[at] && withdraw(findings[at].name),
    confirmAllAndNext,
  });
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fw={600}>{t('assessment.title')}</Text>
        <Group gap="xs">
          <Button size="xs" variant="default" disabled={!known} onClick={confirmAll}>
            {t('assessment.confirmAll')}
          </Button>
          <Button size="xs" aria-keyshortcuts="Enter m" disabled={!known} onClick={confirmAllAndNext} data-testid="confirm-all-and-next">
            {t('assessment.confirmAllAndNext')}
          </Button>
        </Group>
      </Group>
      {findings.map((finding, index) => {
        const { name } = finding;
        const own = ownOf(name);
        return (
          <FindingChoice
            key={name}
            finding={finding}
            own={own}
            isPending={waiting.has(name)}
            isChosen={index === at}
            isCommenting={commenting === name}
            disagreement={disagreementOn(name, known, t)}
            give={(given) => decide(finding, given)}
            comment={(text) => {
              setCommenting(undefined);
              if (text !== undefined && own) decide(finding, own.decision, text);
            }}
            withdraw={() => withdraw(name)}
            adjudicate={known?.mayAdjudicate ? (final) => give([{ name, meaning: finding.meaning, decision: final }], true) : undefined}
            choose={() => setChosen(index)}
          />
        );
      })}
      {[withdrawal.error, leaving.error].map(
        (error, index) =>
          error !== null && (
            <Alert key={index} color="red" role="alert" py="xs">
              {sentenceOf(error, t)}
            </Alert>
          ),
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
