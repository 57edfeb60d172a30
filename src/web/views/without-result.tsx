import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { studyView } from '../addresses.js';
import { RequestAnalysis } from '../parts/request-analysis.js';
import { dicomDate } from '../parts/time.js';
import { useTexts } from '../texts/texts.js';
import { usePatients } from '../use-patients.js';

/** Studies that a search has found in the PACS and that have no result, each with the button that requests one. */
export function WithoutResult({ studies }: { readonly studies: readonly string[] }): ReactNode {
  const { t, language } = useTexts();
  const patients = usePatients(studies);
  return (
    <section className="card" aria-labelledby="without-result" style={{ marginTop: '1rem' }}>
      <Title order={2} size="h4" id="without-result" mb="sm">
        {t('request.withoutResult')}
      </Title>
      {studies.map((study) => {
        const patient = patients[study];
        const facts = patient
          ? [patient.patientId, dicomDate(patient.studyDate, language), patient.modalities.join(', '), patient.description]
          : [];
        return (
          <Group key={study} justify="space-between" mb="sm" data-study={study}>
            <div>
              <Link href={studyView(study)}>{patient?.name || patient?.patientId || study.slice(-12)}</Link>
              <Text size="sm" className="quiet">
                {facts.filter(Boolean).join(' · ')}
              </Text>
            </div>
            <RequestAnalysis study={study} />
          </Group>
        );
      })}
    </section>
  );
}
