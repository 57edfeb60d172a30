import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import type { DraftTest, RulesState, ShownRuleProblem } from '../../../server/page-types.js';
import { ApiFault, post } from '../../api.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { DraftTests } from './draft-tests.js';
import { draftOf, newRule, editedRuleOf, type DraftRule } from './draft.js';
import { RuleForm } from './rule-form.js';

const checkDelayMs = 300;

/** A draft of the rules: checked while it is typed, tried on the last studies, applied. */
export function RulesEditor({ state }: { readonly state: RulesState }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const original = useMemo(() => state.rules.map(draftOf), [state.rules]);
  const [draft, setDraft] = useState<readonly DraftRule[]>(original);
  const rules = useMemo(() => draft.map(editedRuleOf), [draft]);
  const [checked] = useDebouncedValue(rules, checkDelayMs);
  const isChanged = JSON.stringify(rules) !== JSON.stringify(original.map(editedRuleOf));
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
  const apply = useMutation({ mutationFn: () => post('/api/rules', { rules, basedOn: state.version }), onSuccess: reload });
  const change = (next: readonly DraftRule[]): void => {
    dryRun.reset();
    apply.reset();
    setDraft(next);
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
          {problems.length > 0 && (
            <Alert color="red" role="alert" py="xs" title={t('rules.problems', { n: problems.length })}>
              {problems.map(({ rule, part, text }) => (
                <div key={`${rule} ${part} ${text}`}>
                  {rule === undefined ? '' : `${t('rules.number', { n: rule + 1 })}${part === undefined ? '' : `, ${part}`}: `}
                  {text}
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
            <Button variant="default" disabled={!isChanged} onClick={() => change(original)}>
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
                <Button size="xs" variant="default" ml="md" onClick={() => void reload()}>
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
