import { Alert, Anchor, Badge, Button, Collapse, FileButton, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { RuleTest, ShownPatient, ShownRule } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { get, upload } from '../../api.js';
import { patientLine } from '../../parts/patient-line.js';
import { shortReason } from '../../texts/short-reason.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { mayOperate } from '../../current-user.js';
import { useCurrentUser } from '../../use-current-user.js';
import { usePatients } from '../../use-patients.js';

/** The routing rules in their order, and their dry run on the last studies or on a file. */
export function RulesPanel({ rules }: { readonly rules: readonly ShownRule[] }): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const [tests, setTests] = useState<readonly RuleTest[]>();
  const run = useMutation({
    mutationFn: async (file: File | undefined) =>
      file
        ? [await upload<RuleTest>('/api/rules/test', file, () => undefined, new AbortController().signal)]
        : get<readonly RuleTest[]>('/api/rules/test?limit=25'),
    onSuccess: setTests,
  });
  return (
    <>
      <Stack gap="md" className="rules">
        {rules.map((rule) => (
          <Rule key={rule.name} rule={rule} />
        ))}
      </Stack>
      <Group mt="md" gap="sm">
        <Button variant="default" loading={run.isPending} onClick={() => run.mutate(undefined)} data-testid="test-rules">
          {t('operations.test')}
        </Button>
        <FileButton onChange={(file) => file && run.mutate(file)} inputProps={{ 'aria-label': t('operations.testFile') }}>
          {(props) => (
            <Button variant="default" {...props}>
              {t('operations.testFile')}
            </Button>
          )}
        </FileButton>
        {mayOperate(user) && (
          <Button variant="default" component={Link} href="/rules">
            {t('rules.edit')}
          </Button>
        )}
        <Text size="sm" className="quiet">
          {t('operations.testHint')}
        </Text>
      </Group>
      {run.isError && (
        <Alert color="red" role="alert" mt="sm">
          {sentenceOf(run.error, t)}
        </Alert>
      )}
      {tests && (
        <Stack gap="xs" mt="md" data-testid="rule-tests">
          <TestedStudies tests={tests} />
        </Stack>
      )}
    </>
  );
}

function Rule({ rule }: { readonly rule: ShownRule }): ReactNode {
  const { t } = useTexts();
  return (
    <div>
      <Group gap="sm">
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {rule.name}
        </Text>
        <Badge variant="default" tt="none" styles={{ root: { flexShrink: 0 } }}>
          {t(`operations.action.${rule.action}`)}
        </Badge>
      </Group>
      <dl>
        <dt>{t('operations.when')}</dt>
        <dd className="mono">
          {rule.when.map((one) => (
            <div key={one}>{one}</div>
          ))}
        </dd>
        {rule.action === 'analyse' && (
          <>
            <dt>{t('operations.priority')}</dt>
            <dd>{rule.priority}</dd>
          </>
        )}
        {rule.destinations.length > 0 && (
          <>
            <dt>{t('operations.destinations')}</dt>
            <dd>{rule.destinations.join(', ')}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** The patients are read from the PACS when the list is shown, and that is on record. */
export function TestedStudies({ tests }: { readonly tests: readonly RuleTest[] }): ReactNode {
  const studies = useMemo(() => tests.map(({ subject }) => subject).filter((one) => /^[0-9.]+$/.test(one)), [tests]);
  const patients = usePatients(studies);
  return tests.map((one) => <TestedStudy key={one.subject} test={one} patient={patients[one.subject]} />);
}

function TestedStudy({ test, patient }: { readonly test: RuleTest; readonly patient: ShownPatient | undefined }): ReactNode {
  const { t, language } = useTexts();
  const details = test.passedOver.map(({ rule, text }) => `${rule}: ${text}`);
  const [open, { toggle }] = useDisclosure(false);
  return (
    <div>
      <Group gap="sm">
        <Badge variant="default" tt="none" styles={{ root: { flexShrink: 0 } }}>
          {t(`operations.action.${test.action}`)}
        </Badge>
        <b>{test.rule ?? shortReason({ code: 'no-rule', reason: details.join('; ') }, t)}</b>
        {/^[0-9.]+$/.test(test.subject) ? (
          <Anchor component={Link} href={studyView(test.subject)} title={test.subject} size="sm">
            {patientLine(patient, language) ?? test.subject}
          </Anchor>
        ) : (
          <span className="mono quiet">{test.subject}</span>
        )}
        {test.passedOver.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={toggle} aria-expanded={open}>
            {t(test.action === 'none' ? 'reason.details' : 'operations.why')}
          </Button>
        )}
      </Group>
      <Collapse expanded={open}>
        {details.map((one) => (
          <Text size="sm" key={one} className="quiet" style={{ overflowWrap: 'anywhere' }}>
            {one}
          </Text>
        ))}
      </Collapse>
    </div>
  );
}
