import type { Request } from 'express';
import { readCookie } from './access/cookie.js';

const smallPageLanguages = ['en', 'de', 'fr'] as const;
export type SmallPageLanguage = (typeof smallPageLanguages)[number];

/** How a page without scripts looks for this user. */
export interface SmallPageLook {
  readonly language: SmallPageLanguage;
  readonly theme: 'dark' | 'light';
}

/** Language and theme that were chosen last in this browser (src/web/kept-look.ts); else the language that it prefers, and dark. */
export function lookOf(request: Request): SmallPageLook {
  const chosen = readCookie(request, 'chest-ai-language') ?? request.acceptsLanguages([...smallPageLanguages]);
  return {
    language: smallPageLanguages.find((one) => one === chosen) ?? 'en',
    theme: readCookie(request, 'chest-ai-theme') === 'light' ? 'light' : 'dark',
  };
}

const colours = {
  dark: '--ground: #0c1013; --card: #161c21; --line: #39434d; --field: #262e36; --ink: #e8ebee; --notice: #ffd27a; --edge: #8a97a3; --link: #4fd1c5;',
  light:
    '--ground: #f4f6f7; --card: #ffffff; --line: #c9d2d8; --field: #ffffff; --ink: #1b2329; --notice: #6b4a00; --edge: #6b7883; --link: #0a6b60;',
} as const;

const notices = {
  en: 'Not for diagnosis. Software results, not verified by a physician.',
  de: 'Nicht zur Diagnose. Ergebnisse einer Software, von keinem Arzt geprüft.',
  fr: 'Ne pas utiliser pour un diagnostic. Résultats d’un logiciel, non vérifiés par un médecin.',
} as const;

/** A page of one card; works without scripts. @param content HTML */
export function smallPage({
  title,
  look: { language, theme },
  content,
}: {
  readonly title: string;
  readonly look: SmallPageLook;
  readonly content: string;
}): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · orthanc-chest-ai</title>
<style>
:root { color-scheme: ${theme}; ${colours[theme]} }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: min(22rem, 88vw); padding: 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
h1 { margin: 0; display: flex; align-items: center; gap: .6rem; font-size: 1.3rem; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 0 0 .5rem; font-size: 1.05rem; }
.notice { margin: .5rem 0 1.1rem; color: var(--notice); }
.uid { overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .85rem; }
a { color: var(--link); }
label { display: block; margin-top: .9rem; font-weight: 600; }
input, button, .button { box-sizing: border-box; width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--field); border: 1px solid var(--edge); border-radius: .5rem; }
input { margin-top: .25rem; }
button, .button { display: block; margin-top: 1.4rem; background: #0a6b60; border-color: #0a6b60; color: #fff; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { background: #04524a; }
:focus-visible { outline: 2px solid #2fbfae; outline-offset: 2px; }
</style>
</head>
<body>
<main>
<h1><svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#12303a"/><path d="M14.5 6v8.5c0 2-1.200 3-2.500 4.200C9.500 21 6.500 22.500 6.500 24.500 6.500 14 9.500 9 12 9c1.300 0 2 1 2 2.500V6zM17.500 6v8.500c0 2 1.200 3 2.500 4.200 2.500 2.300 5.500 3.800 5.500 5.800C25.500 14 22.500 9 20 9c-1.300 0-2 1-2 2.500V6z" fill="none" stroke="#4fd1c5" stroke-width="1.900" stroke-linejoin="round"/><circle cx="10" cy="17" r="2.300" fill="#ffb86b"/></svg>orthanc-chest-ai</h1>
<p class="notice" role="note">${notices[language]}</p>
${content}
</main>
</body>
</html>`;
}

/** A text in HTML, also in an attribute with double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
