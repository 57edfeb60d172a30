import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { DraftTest, RulesState, ShownRuleProblem } from '../../../server/page-types.js';
import { ApiFault, post } from '../../api.js';
import { sentenceOf } from '../../sentence.js';
import { knownSentence } from '../../texts/known-sentence.js';
import { isText } from '../../texts/en.js';
import { useTexts, type Translate } from '../../texts/texts.js';
import { DraftTests } from './draft-tests.js';
import { draftOf, newRule, editedRuleOf, type DraftRule } from './draft.js';
import { forgetDraft, keepDraft, keptDraft } from './kept-draft.js';
import { RuleForm } from './rule-form.js';

const checkDelayMs = 300;

/**
 * A draft of the rules: checked while it is typed, kept while the tab is open, tried on the last studies, applied.
 *
 * @param isApplied whether these rules are the draft that was just applied
 */
export function RulesEditor({
  state,
  user,
  isApplied,
  setApplied,
}: {
  readonly state: RulesState;
  readonly user: string;
  readonly isApplied: boolean;
  setApplied(isApplied: boolean): void;
}): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const original = useMemo(() => state.rules.map(draftOf), [state.rules]);
  const [kept] = useState(() => keptDraft(user));
  const [draft, setDraft] = useState<readonly DraftRule[]>(kept?.rules ?? original);
  // Of a draft that was left: if the rules have changed since, it is not applied over them.
  const [basedOn, setBasedOn] = useState(kept?.basedOn ?? state.version);
  const rules = useMemo(() => draft.map(editedRuleOf), [draft]);
  const [checked] = useDebouncedValue(rules, checkDelayMs);
  const isChanged = JSON.stringify(rules) !== JSON.stringify(original.map(editedRuleOf));
  useEffect(() => {
    if (isChanged) keepDraft(user, { basedOn, rules: draft });
    else forgetDraft(user);
  }, [isChanged, user, basedOn, draft]);
  const check = useQuery({
    queryKey: ['rules-check', checked],
    queryFn: () => post<readonly ShownRuleProblem[]>('/api/rules/check', { rules: checked }),
    enabled: isChanged,
    placeholderData: keepPreviousData,
  });
  const problems = isChanged ? (check.data ?? []) : [];
  const dryRun = useMutation({ mutationFn: () => post<readonly DraftTest[]>('/api/rules/dry-run', { rules }) });
  const reload = (): Promise<void> =>
    Promise.all(['rules', 'rules-history', 'operations'].map((key) => client.invalidateQueries({ queryKey: [key] }))).then(() => undefined);
  const apply = useMutation({
    mutationFn: () => post('/api/rules', { rules, basedOn }),
    onSuccess: () => {
      forgetDraft(user);
      setApplied(true);
      return reload();
    },
  });
  const change = (next: readonly DraftRule[]): void => {
    dryRun.reset();
    apply.reset();
    setApplied(false);
    setDraft(next);
  };
  const startAgain = (): void => {
    setBasedOn(state.version);
    change(original);
  };
  const move = (index: number, by: -1 | 1): void => {
    const next = [...draft];
    [next[index], next[index + by]] = [next[index + by]!, next[index]!];
    change(next);
  };
  const isConflict = apply.error instanceof ApiFault && apply.error.code === 'rules-changed';
  return (
    <Stack gap="md" data-testid="rules-editor">
      {draft.map((rule, index) => (
        <RuleForm
          key={rule.key}
          rule={rule}
          number={index + 1}
          isFirst={index === 0}
          isLast={index === draft.length - 1}
          problems={problems.filter((one) => one.rule === index)}
          onChange={(changed) => change(draft.map((one, at) => (at === index ? changed : one)))}
          onMove={(by) => move(index, by)}
          onRemove={() => change(draft.filter((_, at) => at !== index))}
        />
      ))}
      <Group gap="sm">
        <Button variant="default" onClick={() => change([...draft, newRule(t('rules.newName'))])}>
          {t('rules.add')}
        </Button>
      </Group>
      <section className="card" aria-label={t('rules.apply')}>
        <Stack gap="sm">
          <Text size="sm" className="quiet" role="status">
            {t(isChanged ? 'rules.changed' : 'rules.unchanged')} {isChanged && t('rules.applyHint')}
          </Text>
          {isApplied && (
            <Alert color="green" role="status" py="xs" data-testid="rules-applied">
              {t('rules.applied')}
            </Alert>
          )}
          {problems.length > 0 && (
            <Alert color="red" role="alert" py="xs" title={t('rules.problems', { n: problems.length })}>
              {problems.map(({ rule, part, text }) => (
                <div key={`${rule} ${part} ${text}`}>
                  {rule === undefined ? '' : `${t('rules.number', { n: rule + 1 })}${part === undefined ? '' : `, ${partText(part, t)}`}: `}
                  {knownSentence(text, t, language) ?? text}
                </div>
              ))}
            </Alert>
          )}
          <Group gap="sm">
            <Button
              variant="default"
              loading={dryRun.isPending}
              disabled={!isChanged || problems.length > 0}
              onClick={() => dryRun.mutate()}
              data-testid="dry-run"
            >
              {t('rules.dryRun')}
            </Button>
            <Button
              loading={apply.isPending}
              disabled={!isChanged || problems.length > 0 || state.readOnly !== undefined}
              onClick={() => apply.mutate()}
            >
              {t('rules.apply')}
            </Button>
            <Button variant="default" disabled={!isChanged} onClick={startAgain}>
              {t('rules.discard')}
            </Button>
          </Group>
          {dryRun.data && <DraftTests tests={dryRun.data} />}
          {dryRun.error && (
            <Alert color="red" role="alert" py="xs">
              {sentenceOf(dryRun.error, t)}
            </Alert>
          )}
          {apply.error && (
            <Alert color="red" role="alert" py="xs">
              {isConflict ? t('rules.conflict') : sentenceOf(apply.error, t)}
              {isConflict && (
                <Button size="xs" variant="default" ml="md" onClick={() => (startAgain(), void reload())}>
                  {t('rules.reload')}
                </Button>
              )}
            </Alert>
          )}
        </Stack>
      </section>
    </Stack>
  );
}

/** A part of a rule as the form calls it. */
function partText(part: string, t: Translate): string {
  const key = part === 'when' ? 'operations.when' : `rules.${part}`;
  return isText(key) ? t(key) : part;
}
