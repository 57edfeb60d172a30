import { Anchor, Text } from '@mantine/core';
import Markdown, { type MarkdownToJSX } from 'markdown-to-jsx';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'wouter';
import { headingAnchor, headingsIn } from '../../lib/heading-anchor.js';
import { guideLink } from '../guide-address.js';
import { useTexts } from '../texts/texts.js';

/** A guide or a model card, in English, with its table of contents. */
export function MarkdownDocument({
  text,
  from,
  label,
}: {
  readonly text: string;
  readonly from: string;
  readonly label: string;
}): ReactNode {
  const { t, language } = useTexts();
  const headings = useMemo(() => headingsIn(text).filter(({ level }) => level === 2), [text]);
  return (
    <>
      {language !== 'en' && (
        <Text size="sm" className="quiet" mb="sm">
          {t('help.language')}
        </Text>
      )}
      {headings.length > 2 && (
        <nav aria-label={t('help.contents')} className="contents">
          <Text size="sm" fw={600}>
            {t('help.contents')}
          </Text>
          <ul lang="en">
            {headings.map((heading) => (
              <li key={heading.anchor}>
                <Anchor size="sm" href={`#${heading.anchor}`}>
                  {heading.text}
                </Anchor>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <div className="markdown" lang="en">
        <MarkdownText text={text} from={from} label={label} />
      </div>
    </>
  );
}

/** Markdown without HTML; its links lead to the guides of the page. */
export function MarkdownText({ text, from, label }: { readonly text: string; readonly from: string; readonly label: string }): ReactNode {
  const options = useMemo(
    (): MarkdownToJSX.Options => ({
      disableParsingRawHTML: true,
      forceBlock: true,
      slugify: headingAnchor,
      overrides: {
        h1: 'h2',
        img: NoImage,
        pre: { component: WideCode, props: { label } },
        table: { component: WideTable, props: { label } },
        a: { component: DocumentLink, props: { from } },
      },
    }),
    [from, label],
  );
  return <Markdown options={options}>{text}</Markdown>;
}

function NoImage(): ReactNode {
  return null;
}

function DocumentLink({
  from,
  href = '',
  children,
}: {
  readonly from: string;
  readonly href?: string;
  readonly children?: ReactNode;
}): ReactNode {
  const link = guideLink(from, href);
  if (link.kind === 'file') return <span>{children}</span>;
  if (link.kind === 'outside')
    return (
      <Anchor href={link.address} target="_blank" rel="noopener noreferrer" underline="always">
        {children}
      </Anchor>
    );
  if (link.address.startsWith('#'))
    return (
      <Anchor href={link.address} underline="always">
        {children}
      </Anchor>
    );
  return (
    <Anchor component={Link} href={link.address} underline="always">
      {children}
    </Anchor>
  );
}

function WideCode({ label, children }: { readonly label: string; readonly children?: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="scrolled" tabIndex={0} aria-label={label}>
      <pre>{children}</pre>
    </section>
  );
}

/** Scrolls horizontally on a narrow screen, also by keyboard. */
function WideTable({ label, children }: { readonly label: string; readonly children?: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="scrolled" tabIndex={0} aria-label={label}>
      <table>{children}</table>
    </section>
  );
}
