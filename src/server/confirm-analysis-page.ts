import type { RequestState } from '../reporting/request-analysis.js';
import { escapeHtml, smallPage, type SmallPageLanguage, type SmallPageLook } from './small-page.js';

const texts = {
  en: {
    title: 'Analyze now',
    question: 'Request the analysis of this study? It is analyzed even if no routing rule selects it.',
    confirm: 'Analyze now',
    study: 'AI result of this study',
    again: 'Open this page again',
    expired: 'This page was used before or is older than ten minutes, so nothing was requested.',
    queued: 'The study is queued for analysis. The result appears on its page.',
    'in-progress': 'The study is being analyzed already. The result appears on its page.',
    unchanged: 'Nothing to do: the study has not changed since its last analysis.',
  },
  de: {
    title: 'Jetzt analysieren',
    question: 'Die Analyse dieser Studie anfordern? Sie wird auch dann analysiert, wenn keine Regel sie auswählt.',
    confirm: 'Jetzt analysieren',
    study: 'KI-Ergebnis dieser Studie',
    again: 'Diese Seite neu öffnen',
    expired: 'Diese Seite wurde schon benutzt oder ist älter als zehn Minuten; es wurde nichts angefordert.',
    queued: 'Die Studie wartet auf ihre Analyse. Das Ergebnis erscheint auf ihrer Seite.',
    'in-progress': 'Die Studie wird bereits analysiert. Das Ergebnis erscheint auf ihrer Seite.',
    unchanged: 'Nichts zu tun: Die Studie hat sich seit ihrer letzten Analyse nicht geändert.',
  },
  fr: {
    title: 'Analyser maintenant',
    question: 'Demander l’analyse de cet examen ? Il est analysé même si aucune règle ne le sélectionne.',
    confirm: 'Analyser maintenant',
    study: 'Résultat de l’IA pour cet examen',
    again: 'Rouvrir cette page',
    expired: 'Cette page a déjà servi ou date de plus de dix minutes ; rien n’a été demandé.',
    queued: 'L’examen attend son analyse. Le résultat apparaîtra sur sa page.',
    'in-progress': 'L’examen est déjà en cours d’analyse. Le résultat apparaîtra sur sa page.',
    unchanged: 'Rien à faire : l’examen n’a pas changé depuis sa dernière analyse.',
  },
} as const satisfies Record<
  SmallPageLanguage,
  Record<RequestState | 'title' | 'question' | 'confirm' | 'study' | 'again' | 'expired', string>
>;

interface ShownFor {
  readonly look: SmallPageLook;
  /** Of the service, see basePathOf. */
  readonly basePath: string;
}

/** Asks the user to confirm. @param token of the form */
export function confirmAnalysisPage(studyInstanceUID: string, token: string, shown: ShownFor): string {
  const { title, question, confirm } = texts[shown.look.language];
  return pageOf(
    studyInstanceUID,
    shown,
    `<h2>${title}</h2>
<p>${question}</p>
<form method="post" action="${addressOf(studyInstanceUID, shown)}">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<button type="submit">${confirm}</button>
</form>`,
  );
}

/** What came of it. */
export function requestedAnalysisPage(studyInstanceUID: string, state: RequestState | 'expired', shown: ShownFor): string {
  const { title, again, [state]: outcome } = texts[shown.look.language];
  const link = state === 'expired' ? `<p><a href="${addressOf(studyInstanceUID, shown)}">${again}</a></p>` : '';
  return pageOf(studyInstanceUID, shown, `<h2>${title}</h2>\n<p role="status">${outcome}</p>\n${link}`);
}

function pageOf(studyInstanceUID: string, { look, basePath }: ShownFor, content: string): string {
  const { title, study } = texts[look.language];
  const uid = `<p class="uid">${escapeHtml(studyInstanceUID)}</p>`;
  const link = `<p><a href="${basePath}/study/${encodeURIComponent(studyInstanceUID)}">${study}</a></p>`;
  return smallPage({ title, look, content: `${content}\n${uid}\n${link}` });
}

function addressOf(studyInstanceUID: string, { basePath }: ShownFor): string {
  return `${basePath}/request-analysis/${encodeURIComponent(studyInstanceUID)}`;
}
