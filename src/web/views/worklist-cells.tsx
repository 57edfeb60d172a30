import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownPatient, WorklistRow } from '../../server/page-types.js';
import { studyView } from '../addresses.js';
import { sortedByImportance } from '../finding-order.js';
import { OutcomeBadge, ProbabilityBar } from '../parts/finding.js';
import { WaitingCell } from '../parts/waiting-cell.js';
import { shortReason } from '../texts/short-reason.js';
import { Ago, dicomDate } from '../parts/time.js';
import { findingText, withFindingTexts } from '../texts/finding-name.js';
import { probabilityFigure } from '../texts/numbers.js';
import { useTexts } from '../texts/texts.js';

const urgentFrom = 8;

/** The cells of one study in the worklist. @param known whether the PACS was asked for the patient */
export function WorklistCells({
  row,
  patient,
  known,
}: {
  readonly row: WorklistRow;
  readonly patient: ShownPatient | undefined;
  readonly known: boolean;
}): ReactNode {
  const { t, language } = useTexts();
  const [top, ...others] = sortedByImportance(row.findings).filter((one) => one.decision !== 'absent');
  return (
    <>
      <Table.Td className="wide">
        <OutcomeBadge outcome={row.outcome} />
        {row.priority >= urgentFrom && (
          <Text size="sm" fw={700} className="present" title={t('worklist.priority', { priority: row.priority })}>
            ▲ {t('worklist.urgent')}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="patient">
        {row.outcome !== 'reported' && (
          <div className="narrow">
            <OutcomeBadge outcome={row.outcome} />
          </div>
        )}
        {row.priority >= urgentFrom && (
          <Text size="sm" fw={700} className="present narrow">
            ▲ {t('worklist.urgent')}
          </Text>
        )}
        <Link href={studyView(row.studyInstanceUID)}>
          <Text component="span" fw={600}>
            {patient?.name || patient?.patientId || (known ? t('worklist.unknownPatient') : row.studyInstanceUID.slice(-12))}
          </Text>
        </Link>
        <Text size="sm" className="quiet">
          {patient ? [patient.patientId, patient.sex, dicomDate(patient.birthDate, language)].filter(Boolean).join(' · ') : ' '}
        </Text>
        <div className="narrow">
          <WaitingCell reading={row.reading} isLabelled />
        </div>
      </Table.Td>
      <Table.Td className="finding">
        {row.outcome !== 'reported' ? (
          <Text size="sm" className="quiet" lineClamp={2} title={row.reason}>
            {shortReason(row, t)}
          </Text>
        ) : top ? (
          <>
            <Text size="sm">
              <b className={top.decision}>{probabilityFigure(top, language)} %</b> {findingText(top.meaning, t)}{' '}
              <span className="quiet">
                {top.decision === 'undetermined' ? t('decision.undetermined') : ''}
                {others.length > 0 ? ` +${others.length}` : ''}
              </span>
            </Text>
            <ProbabilityBar probability={top.probability} decision={top.decision} />
          </>
        ) : (
          <Text size="sm" className="absent">
            {t('worklist.nonePresent')}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="wide fit" title={row.reading.explanation && withFindingTexts(row.reading.explanation, t, language)}>
        <WaitingCell reading={row.reading} />
      </Table.Td>
      <Table.Td className="wide fit" data-testid="assessed-by">
        {row.assessedBy.slice(0, 2).map(({ reader, at }) => (
          <Text size="sm" key={reader}>
            {reader}{' '}
            {at && (
              <span className="quiet">
                <Ago at={at} />
              </span>
            )}
          </Text>
        ))}
        {row.assessedBy.length > 2 && (
          <Text size="sm" className="quiet">
            +{row.assessedBy.length - 2}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="wide fit">
        <Text size="sm">
          {patient ? [patient.modalities.join(', '), dicomDate(patient.studyDate, language)].filter(Boolean).join(' · ') : ''}
        </Text>
        <Text size="sm" className="quiet">
          {patient?.description}
        </Text>
      </Table.Td>
      <Table.Td className="wide fit">
        <Text size="sm">
          <Ago at={row.createdAt} />
        </Text>
      </Table.Td>
      <Table.Td className="wide fit">
        <span className="mono quiet">{row.modelVersion}</span>
      </Table.Td>
    </>
  );
}
