import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ModelsPage } from '../../server/page-types.js';
import { get } from '../api.js';
import { useTexts } from '../texts/texts.js';

/** A choice of the model that analyzes files; empty: the deployed one. Not shown where there is no other. */
export function ModelChoice({ value, onChange }: { readonly value: string; readonly onChange: (version: string) => void }): ReactNode {
  const { t } = useTexts();
  const { data } = useQuery({ queryKey: ['models'], queryFn: () => get<ModelsPage>('/api/models') });
  const others = data?.models.filter(({ role }) => role !== 'champion') ?? [];
  if (others.length === 0) return null;
  return (
    <NativeSelect
      label={t('analyze.model')}
      description={value === '' ? undefined : t('analyze.model.other')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: '', label: t('analyze.model.deployed') },
        ...others.map(({ version, name, role }) => ({ value: version, label: `${name} ${version} (${t(`models.role.${role}`)})` })),
      ]}
      mt="md"
      maw={480}
    />
  );
}
