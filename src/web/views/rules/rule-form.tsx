import { Button, Group, NativeSelect, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownRuleProblem } from '../../../server/page-types.js';
import { knownSentence } from '../../texts/known-sentence.js';
import { useTexts } from '../../texts/texts.js';
import { attributes, valuesOf, type DraftCondition, type DraftRule } from './draft.js';

export interface RuleFormProps {
  readonly rule: DraftRule;
  /** From 1. */
  readonly number: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly problems: readonly ShownRuleProblem[];
  readonly onChange: (rule: DraftRule) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}

/** One rule of the draft. */
export function RuleForm({ rule, number, isFirst, isLast, problems, onChange, onMove, onRemove }: RuleFormProps): ReactNode {
  const { t, language } = useTexts();
  const id = `rule-${number}`;
  const errorOf = (part: string): string | undefined =>
    problems
      .filter((one) => one.part === part)
      .map(({ text }) => knownSentence(text, t, language) ?? text)
      .join('; ') || undefined;
  const other = problems.filter(
    ({ part }) => part === undefined || !['name', 'when', 'priority', 'destinations', 'findingsOff'].includes(part),
  );
  return (
    <fieldset className="card rule-form" data-rule={rule.name}>
      <legend>
        {t('rules.number', { n: number })}
        {!rule.enabled && <span className="quiet"> · {t('rules.off')}</span>}
      </legend>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <TextInput
            id={`${id}-name`}
            label={t('rules.name')}
            value={rule.name}
            error={errorOf('name')}
            onChange={(event) => onChange({ ...rule, name: event.currentTarget.value })}
            w={{ base: '100%', xs: 240 }}
          />
          <NativeSelect
            id={`${id}-action`}
            label={t('rules.action')}
            value={rule.action}
            onChange={(event) => onChange({ ...rule, action: event.currentTarget.value })}
            data={(['analyse', 'ignore'] as const).map((value) => ({ value, label: t(`operations.action.${value}`) }))}
          />
          <NumberInput
            id={`${id}-priority`}
            label={t('rules.priority')}
            description={t('rules.priorityHint')}
            value={rule.priority}
            min={0}
            max={10}
            error={errorOf('priority')}
            onChange={(value) => onChange({ ...rule, priority: Number(value) })}
            w={180}
          />
          <Switch
            id={`${id}-enabled`}
            label={t('rules.enabled')}
            checked={rule.enabled}
            onChange={(event) => onChange({ ...rule, enabled: event.currentTarget.checked })}
            mt={28}
          />
        </Group>
        {rule.sets.map((conditions, index) => (
          <ConditionSet
            key={index}
            id={`${id}-set-${index + 1}`}
            number={index + 1}
            conditions={conditions}
            onChange={(changed) => onChange({ ...rule, sets: rule.sets.map((one, at) => (at === index ? changed : one)) })}
            onRemove={rule.sets.length > 1 ? () => onChange({ ...rule, sets: rule.sets.filter((_, at) => at !== index) }) : undefined}
          />
        ))}
        {errorOf('when') !== undefined && (
          <Text size="sm" className="present" role="alert">
            {errorOf('when')}
          </Text>
        )}
        <Group gap="sm">
          <Button
            size="xs"
            variant="default"
            onClick={() => onChange({ ...rule, sets: [...rule.sets, [{ attribute: 'modality', values: '' }]] })}
          >
            {t('rules.addSet')}
          </Button>
        </Group>
        {rule.action === 'analyse' && (
          <Group gap="sm" align="flex-start">
            <TextInput
              id={`${id}-destinations`}
              label={t('rules.destinations')}
              description={t('rules.destinationsHint')}
              value={rule.destinations}
              error={errorOf('destinations')}
              onChange={(event) => onChange({ ...rule, destinations: event.currentTarget.value })}
              w={{ base: '100%', sm: 420 }}
            />
            <TextInput
              id={`${id}-findings-off`}
              label={t('rules.findingsOff')}
              description={t('rules.values')}
              defaultValue={rule.findingsOff.join(', ')}
              error={errorOf('findingsOff')}
              onChange={(event) => onChange({ ...rule, findingsOff: valuesOf(event.currentTarget.value) })}
              w={{ base: '100%', sm: 320 }}
            />
          </Group>
        )}
        {other.map(({ text }) => (
          <Text key={text} size="sm" className="present" role="alert">
            {knownSentence(text, t, language) ?? text}
          </Text>
        ))}
        <Group gap="sm">
          <Button size="xs" variant="default" disabled={isFirst} onClick={() => onMove(-1)}>
            {t('rules.up')}
          </Button>
          <Button size="xs" variant="default" disabled={isLast} onClick={() => onMove(1)}>
            {t('rules.down')}
          </Button>
          <Button size="xs" variant="default" onClick={onRemove}>
            {t('rules.remove')}
          </Button>
        </Group>
      </Stack>
    </fieldset>
  );
}

function ConditionSet({
  id,
  number,
  conditions,
  onChange,
  onRemove,
}: {
  readonly id: string;
  readonly number: number;
  readonly conditions: readonly DraftCondition[];
  readonly onChange: (conditions: readonly DraftCondition[]) => void;
  readonly onRemove: (() => void) | undefined;
}): ReactNode {
  const { t } = useTexts();
  const unused = attributes.filter((one) => !conditions.some(({ attribute }) => attribute === one));
  const change = (at: number, changed: Partial<DraftCondition>): void =>
    onChange(conditions.map((one, index) => (index === at ? { ...one, ...changed } : one)));
  return (
    <fieldset className="condition-set">
      <legend>{t('rules.set', { n: number })}</legend>
      <Stack gap="xs">
        {conditions.map(({ attribute, values }, index) => (
          <Group key={attribute} gap="xs" align="flex-end">
            <NativeSelect
              id={`${id}-attribute-${index + 1}`}
              label={t('rules.attribute')}
              value={attribute}
              onChange={(event) => change(index, { attribute: event.currentTarget.value })}
              data={[attribute, ...unused]}
              w={190}
            />
            <TextInput
              id={`${id}-values-${index + 1}`}
              label={t('rules.values')}
              title={t('rules.valuesHint')}
              value={values}
              onChange={(event) => change(index, { values: event.currentTarget.value })}
              style={{ flex: 1, minWidth: 180 }}
            />
            {conditions.length > 1 && (
              <Button size="xs" variant="default" onClick={() => onChange(conditions.filter((_, at) => at !== index))}>
                {t('rules.removeCondition')}
              </Button>
            )}
          </Group>
        ))}
        <Group gap="sm">
          {unused.length > 0 && (
            <Button size="xs" variant="default" onClick={() => onChange([...conditions, { attribute: unused[0]!, values: '' }])}>
              {t('rules.addCondition')}
            </Button>
          )}
          {onRemove && (
            <Button size="xs" variant="default" onClick={onRemove}>
              {t('rules.removeSet')}
            </Button>
          )}
        </Group>
      </Stack>
    </fieldset>
  );
}
