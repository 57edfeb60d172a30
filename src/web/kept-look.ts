import { localStorageColorSchemeManager, type MantineColorScheme, type MantineColorSchemeManager } from '@mantine/core';
import { basePath } from './base-path.js';

const key = 'chest-ai-theme';
const stored = localStorageColorSchemeManager({ key });

/** The theme that was chosen last in this browser; the login page, which has no script, is told by a cookie. */
export const keptColorScheme: MantineColorSchemeManager = {
  ...stored,
  get(fallback) {
    const scheme = stored.get(fallback);
    tellService(key, scheme);
    return scheme;
  },
  set(scheme: MantineColorScheme) {
    stored.set(scheme);
    tellService(key, scheme);
  },
};

/** The language of the page, for the login page. */
export function tellLanguage(language: string): void {
  tellService('chest-ai-language', language);
}

const yearSeconds = 365 * 24 * 60 * 60;

/** How the page looks, nothing of the user. */
function tellService(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${name}=${value}; path=${basePath || '/'}; max-age=${yearSeconds}; samesite=lax`;
}
