import type { enReports } from '../en/reports.js';

/** German texts: reports of radiologists and where the AI results differ from them. {name} stands for a value. */
export const deReports: Readonly<Record<keyof typeof enReports, string>> = {
  'nav.discordances': 'Zweiter Blick',
  'discordances.title': 'Zweiter Blick: KI und Befundtext weichen ab',
  'discordances.hint':
    'Was der Befund des Radiologen aussagt, wird mit Regeln aus seinem Text gelesen und kann falsch gelesen sein. Weder das KI-Ergebnis noch diese Liste dienen der Diagnose.',
  'discordances.filter': 'Art der Abweichung',
  'discordances.kind.all': 'Alle',
  'discordances.kind.report-silent': 'KI vorhanden, Befundtext schweigt',
  'discordances.kind.report-absent': 'KI vorhanden, Befundtext verneint',
  'discordances.kind.ai-absent': 'KI nicht vorhanden, Befundtext nennt',
  'discordances.finding': 'Befund',
  'discordances.finding.all': 'Alle Befunde',
  'discordances.state': 'Angesehen',
  'discordances.state.open': 'Nicht angesehen',
  'discordances.state.reviewed': 'Angesehen',
  'discordances.state.all': 'Alle',
  'discordances.none': 'Keine Abweichungen dieser Art.',
  'discordances.study': 'Studie',
  'discordances.difference': 'Abweichung',
  'discordances.probability': 'Wahrscheinlichkeit der KI',
  'discordances.found': 'Gefunden',
  'discordances.review': 'Als angesehen markieren',
  'discordances.reviewed': 'Angesehen von {by}',
  'discordances.more': 'Weitere anzeigen',
  'discordances.reports':
    'Empfangene Befundtexte: {matched} einer Studie zugeordnet, {waiting} warten auf ihre Studie, {unmatched} nicht zugeordnet, {withdrawn} zurückgezogen.',
  'discordances.reason.no-accession-number': '{n} ohne Auftragsnummer',
  'discordances.reason.no-study': '{n} ohne Studie zu dieser Auftragsnummer',
  'discordances.reason.issuer-differs': '{n} mit anderem Aussteller',
  'discordances.reason.patient-differs': '{n} mit anderer Patienten-ID',
  'discordances.reason.several-studies': '{n} mit mehreren Studien',
  'audit.of.report.receive': 'Befundtext empfangen',
  'audit.of.discordance.view': 'Abweichungen zwischen KI und Befundtext angesehen',
  'audit.of.discordance.review': 'Abweichung zwischen KI und Befundtext geprüft',
};
