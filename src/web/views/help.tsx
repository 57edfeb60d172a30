import { Anchor, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Guide, GuideMatch, ShownGuide } from '../../server/page-types.js';
import { get } from '../api.js';
import { MarkdownDocument } from '../parts/markdown-document.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { useTexts } from '../texts/texts.js';

/** The guides of the documentation, with a search over all of their sections. */
export function HelpView({ guide }: { readonly guide?: string }): ReactNode {
  const { t } = useTexts();
  const [words, setWords] = useState('');
  const [searched] = useDebouncedValue(words.trim(), 200);
  return (
    <Stack gap="md">
      <Title order={1} size="h2">
        {t('help.title')}
      </Title>
      <TextInput
        type="search"
        maw={480}
        label={t('help.search')}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && setWords('')}
      />
      {searched ? <Matches words={searched} onOpen={() => setWords('')} /> : guide ? <OneGuide name={guide} /> : <AllGuides />}
    </Stack>
  );
}

function AllGuides(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['guides'],
    queryFn: () => get<readonly Guide[]>('/api/guides'),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <QueryBoundary query={query}>
      {(guides) =>
        (['guide', 'reference'] as const).map((kind) => (
          <section className="card" key={kind} aria-labelledby={kind}>
            <Title order={2} size="h4" id={kind} mb="xs">
              {t(`help.${kind}`)}
            </Title>
            <ul className="guides" lang="en">
              {guides
                .filter((one) => one.kind === kind)
                .map((one) => (
                  <li key={one.name}>
                    <Anchor component={Link} href={`/help/${one.name}`}>
                      {one.title}
                    </Anchor>
                  </li>
                ))}
            </ul>
          </section>
        ))
      }
    </QueryBoundary>
  );
}

function OneGuide({ name }: { readonly name: string }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['guide', name],
    queryFn: () => get<ShownGuide>(`/api/guides/${encodeURIComponent(name)}`),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const text = query.data?.text;
  useEffect(() => {
    const anchor = decodeURIComponent(location.hash.slice(1));
    if (text !== undefined && anchor) document.getElementById(anchor)?.scrollIntoView();
  }, [text]);
  return (
    <>
      <Text size="sm">
        <Anchor component={Link} href="/help">
          ← {t('help.all')}
        </Anchor>
      </Text>
      <QueryBoundary query={query}>
        {(guide) => (
          <article className="card guide">
            <MarkdownDocument text={guide.text} from={guide.name} label={guide.title} />
          </article>
        )}
      </QueryBoundary>
    </>
  );
}

function Matches({ words, onOpen }: { readonly words: string; readonly onOpen: () => void }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['guides', words],
    queryFn: () => get<readonly GuideMatch[]>(`/api/guides/search?${new URLSearchParams({ words })}`),
    placeholderData: keepPreviousData,
  });
  return (
    <QueryBoundary query={query}>
      {(matches) => (
        <section className="card" aria-label={t('help.matches', { count: matches.length })}>
          <Text size="sm" className="quiet" role="status" mb="sm">
            {matches.length === 0 ? t('help.noMatch') : t('help.matches', { count: matches.length })}
          </Text>
          <Stack gap="sm" lang="en">
            {matches.map((one) => (
              <div key={`${one.name} ${one.anchor}`}>
                <Anchor component={Link} href={`/help/${one.name}${one.anchor ? `#${one.anchor}` : ''}`} fw={600} onClick={onOpen}>
                  {one.title}
                  {one.heading ? ` › ${one.heading}` : ''}
                </Anchor>
                <Text size="sm" className="quiet">
                  {one.excerpt}
                </Text>
              </div>
            ))}
          </Stack>
        </section>
      )}
    </QueryBoundary>
  );
}
