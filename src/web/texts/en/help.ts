export const enHelp = {
  'nav.help': 'Help',
  'help.title': 'Help',
  'help.search': 'Search the guides',
  'help.guide': 'Guides',
  'help.reference': 'Reference',
  'help.all': 'All guides',
  'help.contents': 'Contents',
  'help.language': 'This text is written in English.',
  'help.matches': '{count} sections found',
  'help.noMatch': 'No section contains these words. Try fewer or other words; the guides are in English.',
  'help.here': 'Help for this view',
} as const;
