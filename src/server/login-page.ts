import { escapeHtml, smallPage, type SmallPageLanguage, type SmallPageLook } from './small-page.js';

interface LoginTexts {
  readonly logIn: string;
  readonly hospital: string;
  readonly name: string;
  readonly password: string;
}

const texts: Readonly<Record<SmallPageLanguage, LoginTexts>> = {
  en: { logIn: 'Log in', hospital: 'Log in with your hospital account', name: 'Name', password: 'Password' },
  de: { logIn: 'Anmelden', hospital: 'Mit dem Konto des Krankenhauses anmelden', name: 'Name', password: 'Passwort' },
  fr: { logIn: 'Se connecter', hospital: 'Se connecter avec le compte de l’hôpital', name: 'Nom', password: 'Mot de passe' },
};

/** @param next where the user goes after the login; a path of ours (see returnPath) */
export function loginPage({
  openId,
  look,
  next,
  basePath,
}: {
  readonly openId: boolean;
  readonly look: SmallPageLook;
  readonly next?: string | undefined;
  readonly basePath: string;
}): string {
  const { logIn, hospital, name, password } = texts[look.language];
  const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
  const content = `${openId ? `<a class="button" href="${basePath}/api/login/oidc${query}">${hospital}</a>` : ''}
<form method="post" action="${basePath}/api/login">
${next === undefined ? '' : `<input type="hidden" name="next" value="${escapeHtml(next)}">`}
<label for="name">${name}</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">${password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">${logIn}</button>
</form>`;
  return smallPage({ title: logIn, look, content });
}

const maxPathLength = 1_000;

/**
 * Where a login may lead: a view of ours, below the root. Anything else could lead the user to another site.
 *
 * @returns undefined for any other text
 */
export function returnPath(text: unknown): string | undefined {
  return typeof text === 'string' && text.length <= maxPathLength && /^\/(?![/\\])[\w.~%/?&=:,@+-]*$/.test(text) && !isNoView(text)
    ? text
    : undefined;
}

/** An address of the interface shows no page, and the login page itself leads nowhere. */
function isNoView(path: string): boolean {
  return /^\/(api\/(?!docs)|login|dicom-web|page\/|metrics|health|hint)/.test(path);
}
