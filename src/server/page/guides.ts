import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors.js';
import { headingAnchor } from '../../lib/heading-anchor.js';
import type { Guide, GuideMatch, ShownGuide } from '../page-types.js';

/** The guides and reference pages of the documentation, as users read and search them in the page. */
export interface Guides {
  list(): Promise<readonly Guide[]>;
  /** @throws Fault 'not-found' if there is no guide of the name */
  read(name: string): Promise<ShownGuide>;
  /** Sections that contain every word, those with the words in their heading first; at most 30. */
  search(words: string): Promise<readonly GuideMatch[]>;
}

const maxMatches = 30;
const excerptLength = 180;

interface LoadedGuide extends ShownGuide {
  readonly sections: readonly { readonly heading: string; readonly anchor: string; readonly text: string }[];
}

/** @param directory with the folders `guide` and `reference`, Markdown; read once, when the first guide is opened */
export function openGuides(directory: string): Guides {
  let loaded: Promise<readonly LoadedGuide[]> | undefined;
  const all = (): Promise<readonly LoadedGuide[]> => {
    loaded ??= loadGuides(directory).catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  return {
    async list() {
      return (await all()).map(({ name, kind, title }) => ({ name, kind, title }));
    },
    async read(name) {
      const found = (await all()).find((guide) => guide.name === name);
      if (!found) throw new Fault('not-found', 'expected the name of a guide that /api/guides lists, found another one');
      const { kind, title, text } = found;
      return { name, kind, title, text };
    },
    async search(words) {
      const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
      if (wanted.length === 0) return [];
      const matches = (await all()).flatMap(({ name, kind, title, sections }) =>
        sections.flatMap(({ heading, anchor, text }) => {
          const inHeading = containsAll(`${title} ${heading}`, wanted);
          if (!inHeading && !containsAll(`${heading} ${text}`, wanted)) return [];
          return [
            {
              match: { name, kind, title, heading, anchor, excerpt: excerptOf(text, wanted) },
              rank: (inHeading ? 0 : 2) + (kind === 'guide' ? 0 : 1),
            },
          ];
        }),
      );
      return matches
        .sort((one, other) => one.rank - other.rank)
        .slice(0, maxMatches)
        .map(({ match }) => match);
    },
  };
}

async function loadGuides(directory: string): Promise<readonly LoadedGuide[]> {
  const folders = await Promise.all(
    (['guide', 'reference'] as const).map(async (kind) => {
      const names = (await readdir(join(directory, kind))).filter((name) => /^[a-z0-9-]+\.md$/.test(name)).sort();
      return Promise.all(
        names.map(async (file): Promise<LoadedGuide> => {
          const text = await readFile(join(directory, kind, file), 'utf8');
          const name = `${kind === 'guide' ? '' : 'reference-'}${file.slice(0, -'.md'.length)}`;
          const title = /^# (.+)$/m.exec(text)?.[1] ?? name;
          return { name, kind, title, text, sections: sectionsOf(text, title) };
        }),
      );
    }),
  );
  return folders.flat();
}

function sectionsOf(text: string, title: string): LoadedGuide['sections'] {
  return text.split(/^(?=#{2,4} )/m).map((part) => {
    const [, heading, rest] = /^#{1,4} (.+)\n([\s\S]*)$/.exec(part) ?? [undefined, title, part];
    return {
      heading: heading === title ? '' : heading!.replace(/[`*]/g, ''),
      anchor: heading === title ? '' : headingAnchor(heading!),
      text: plain(rest!),
    };
  });
}

/** Without the marks of Markdown. */
function plain(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^[|\s:-]+$/gm, ' ')
    .replace(/[`*|#]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function containsAll(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return words.every((word) => lower.includes(word));
}

/** The text around the first word that is found. */
function excerptOf(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const at = Math.min(...words.map((word) => lower.indexOf(word)).filter((index) => index >= 0), text.length);
  const start = at >= text.length ? 0 : Math.max(0, text.lastIndexOf(' ', Math.max(0, at - 60)) + 1);
  const cut = text.slice(start, start + excerptLength);
  return `${start > 0 ? '… ' : ''}${cut}${start + excerptLength < text.length ? ' …' : ''}`;
}
