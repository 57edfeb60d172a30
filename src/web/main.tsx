import './mantine-styles.js';
import './style.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { ApiFault } from './api.js';
import { App } from './app.js';
import { basePath } from './base-path.js';
import { keptColorScheme, tellLanguage } from './kept-look.js';
import { firstLanguage, loadTranslate } from './texts/languages.js';
import { TextsProvider } from './texts/texts.js';
import { theme } from './theme.js';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && (!(error instanceof ApiFault) || error.status === 0 || error.status === 503),
      refetchOnWindowFocus: true,
    },
  },
});

const language = firstLanguage();
tellLanguage(language);
const first = { language, t: await loadTranslate(language) };

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="dark" colorSchemeManager={keptColorScheme}>
      <TextsProvider first={first}>
        <QueryClientProvider client={client}>
          <Router base={basePath}>
            <App />
          </Router>
        </QueryClientProvider>
      </TextsProvider>
    </MantineProvider>
  </StrictMode>,
);
