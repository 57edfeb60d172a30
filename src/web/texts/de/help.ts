import type { enHelp } from '../en/help.js';

export const deHelp: Readonly<Record<keyof typeof enHelp, string>> = {
  'nav.help': 'Hilfe',
  'help.title': 'Hilfe',
  'help.search': 'In den Anleitungen suchen',
  'help.guide': 'Anleitungen',
  'help.reference': 'Nachschlagewerk',
  'help.all': 'Alle Anleitungen',
  'help.contents': 'Inhalt',
  'help.language': 'Dieser Text ist auf Englisch verfasst.',
  'help.matches': '{count} Abschnitte gefunden',
  'help.noMatch': 'Kein Abschnitt enthält diese Wörter. Versuchen Sie weniger oder andere Wörter; die Anleitungen sind auf Englisch.',
  'help.here': 'Hilfe zu dieser Ansicht',
  'keys.title': 'Tastenkürzel',
  'keys.close': 'Schließen',
  'keys.list': 'Diese Liste',
  'keys.in.page': 'Überall',
  'keys.in.worklist': 'Arbeitsliste',
  'keys.in.study': 'Studie',
  'keys.in.image': 'Bild',
  'keys.in.viewer': 'Leiste neben OHIF',
};
