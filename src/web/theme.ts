import { Alert, createTheme, type MantineColorsTuple } from '@mantine/core';

/** Teal of an X-ray viewer's screen; white on shade 8 keeps 4.5 to 1 in both themes. */
const screen: MantineColorsTuple = [
  '#e6fbf8',
  '#cdf3ee',
  '#9fe6dd',
  '#6fd8cb',
  '#4acbbc',
  '#2fbfae',
  '#1ea595',
  '#0f8577',
  '#0a6b60',
  '#04524a',
];
/** Nearly black, a little blue: a bright page dazzles in a dark reading room. */
const darkColors: MantineColorsTuple = [
  '#e8ebee',
  '#c3cad1',
  '#a3adb7',
  '#7f8a95',
  '#56616c',
  '#39434d',
  '#262e36',
  '#181e24',
  '#0f1418',
  '#0a0d10',
];

export const theme = createTheme({
  primaryColor: 'screen',
  primaryShade: 8,
  colors: { screen, dark: darkColors },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace',
  fontSizes: { xs: '0.82rem', sm: '0.92rem', md: '1rem', lg: '1.15rem', xl: '1.3rem' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  // Coloured text on a pale shade of the same colour has less than 4.5 to 1 in the light theme.
  components: { Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }) },
});
