import { ActionIcon, Alert, AppShell, Burger, Group, Menu, Text, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { post } from './api.js';
import { isAdministrator, mayCompareReports, mayOperate, type CurrentUser } from './current-user.js';
import { useCurrentUser } from './use-current-user.js';
import { helpFor } from './guide-address.js';
import { useLive } from './live.js';
import { areSingleKeysOn, setSingleKeys } from './keys.js';
import { KeysDialog } from './parts/keys-dialog.js';
import { Loading } from './parts/query-boundary.js';
import { timeZone } from './parts/time.js';
import { languageCodes, languageName, useTexts, type TextKey, type Translate } from './texts/texts.js';
import { PendingNotice } from './reading/pending-notice.js';
import { pending } from './reading/use-pending.js';
import { forgetWorklist } from './reading/worklist-query.js';
import { NotFound } from './views/not-found.js';
import { WorklistView } from './views/worklist.js';
import { belowBase } from './base-path.js';

const StudyView = lazy(() => import('./views/study.js').then((one) => ({ default: one.StudyView })));
const AnalyzeView = lazy(() => import('./views/analyze/view.js').then((one) => ({ default: one.AnalyzeView })));
const OperationsView = lazy(() => import('./views/operations/view.js').then((one) => ({ default: one.OperationsView })));
const DiscordancesView = lazy(() => import('./views/discordances.js').then((one) => ({ default: one.DiscordancesView })));
const AdministrationView = lazy(() => import('./views/administration/view.js').then((one) => ({ default: one.AdministrationView })));
const RulesView = lazy(() => import('./views/rules/view.js').then((one) => ({ default: one.RulesView })));
const ResearchView = lazy(() => import('./views/research/view.js').then((one) => ({ default: one.ResearchView })));
const AuditView = lazy(() => import('./views/audit.js').then((one) => ({ default: one.AuditView })));
const ModelsView = lazy(() => import('./views/models.js').then((one) => ({ default: one.ModelsView })));
const ModelView = lazy(() => import('./views/model.js').then((one) => ({ default: one.ModelView })));
const ApiView = lazy(() => import('./views/api-docs.js').then((one) => ({ default: one.ApiView })));
const HelpView = lazy(() => import('./views/help.js').then((one) => ({ default: one.HelpView })));
const PasswordView = lazy(() => import('./views/password.js').then((one) => ({ default: one.PasswordView })));

const tabs: readonly (readonly [path: string, text: TextKey, isVisible?: (user: CurrentUser | undefined) => boolean])[] = [
  ['/worklist', 'nav.worklist'],
  ['/analyze', 'nav.analyze'],
  ['/operations', 'nav.operations'],
  ['/rules', 'nav.rules', mayOperate],
  ['/models', 'nav.models'],
  ['/research', 'nav.research'],
  ['/discordances', 'nav.discordances', mayCompareReports],
  ['/administration', 'nav.administration', isAdministrator],
  ['/audit', 'nav.audit', isAdministrator],
];

export function App(): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const [location] = useLocation();
  // A password change ends every session: a connection that closes then is no outage.
  const connected = useLive(location !== '/password' && user?.mustChange !== true);
  useViewTitle(location, t);
  const [open, { toggle, close }] = useDisclosure(false);
  const [isKeysOpen, keys] = useDisclosure(false);
  return (
    <AppShell header={{ height: 58 }} navbar={{ width: 260, breakpoint: 'lg', collapsed: { desktop: true, mobile: !open } }} padding="md">
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="lg" wrap="nowrap" miw={0}>
            <Burger opened={open} onClick={toggle} hiddenFrom="lg" size="sm" aria-label={t('app.menu')} aria-expanded={open} />
            <Link href="/worklist" className="brand" aria-label={t('app.name')}>
              <img src={belowBase('/page/icon.svg')} width={26} height={26} alt="" />
              <span className="brand-name">{t('app.name')}</span>
            </Link>
            <Group component="nav" aria-label={t('app.menu')} gap={2} visibleFrom="lg" wrap="nowrap" className="tabs">
              <Tabs />
            </Group>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Text size="sm" className="notice short-notice" role="note">
              {t('app.noticeShort')}
            </Text>
            <span className="live" data-lost={!connected} aria-hidden />
            <HelpLink />
            <Settings onKeys={keys.open} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md" hidden={!open}>
        <Group component="nav" aria-label={t('app.menu')} gap="xs">
          <Tabs onClick={close} />
        </Group>
      </AppShell.Navbar>
      <KeysDialog isOpen={isKeysOpen} onOpen={keys.open} onClose={keys.close} />
      <AppShell.Main id="content" tabIndex={-1}>
        {!connected && (
          <Alert color="orange" mb="md" role="status">
            {t('app.connectionLost')}
          </Alert>
        )}
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={WorklistView} />
            <Route path="/worklist" component={WorklistView} />
            <Route path="/study/:study">{({ study }) => <StudyView study={study} key={study} />}</Route>
            <Route path="/analyze" component={AnalyzeView} />
            <Route path="/operations" component={OperationsView} />
            <Route path="/discordances" component={DiscordancesView} />
            <Route path="/rules" component={RulesView} />
            <Route path="/administration" component={AdministrationView} />
            <Route path="/audit" component={AuditView} />
            <Route path="/research" component={ResearchView} />
            <Route path="/models" component={ModelsView} />
            <Route path="/models/:version">{({ version }) => <ModelView version={version} key={version} />}</Route>
            <Route path="/password" component={PasswordView} />
            <Route path="/help">{() => <HelpView />}</Route>
            <Route path="/help/:guide">{({ guide }) => <HelpView guide={guide} key={guide} />}</Route>
            <Route path="/api/docs" component={ApiView} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
        <PendingNotice />
        <Text size="sm" mt="xl" className="notice">
          {t('app.notice')}
        </Text>
        <Text size="sm" className="quiet" data-testid="time-zone">
          {t('app.zone', { zone: timeZone() })}
        </Text>
      </AppShell.Main>
    </AppShell>
  );
}

function Tabs({ onClick }: { readonly onClick?: () => void }): ReactNode {
  const { t } = useTexts();
  const [location] = useLocation();
  const user = useCurrentUser();
  const visible = tabs.filter(([, , isVisible = () => true]) => isVisible(user));
  return visible.map(([path, text]) => (
    <Link
      key={path}
      href={path}
      className="tab"
      onClick={onClick}
      aria-current={location.startsWith(path) || (location === '/' && path === '/worklist') ? 'page' : undefined}
    >
      {t(text)}
    </Link>
  ));
}

/** Views without a tab. */
const otherTitles: readonly (readonly [path: string, text: TextKey])[] = [
  ['/study', 'worklist.column.study'],
  ['/help', 'help.title'],
  ['/password', 'password.title'],
  ['/api/docs', 'api.title'],
];

/**
 * Names the view in the title of the browser's tab, without the patient, and moves the focus to the content when the view changes, so that
 * a screen reader reads on from there (WCAG 2.4.2, 2.4.3).
 */
function useViewTitle(location: string, t: Translate): void {
  const shown = useRef(location);
  useEffect(() => {
    const path = location === '/' ? '/worklist' : location;
    const text = [...tabs, ...otherTitles].find(([start]) => path.startsWith(start))?.[1] ?? 'notFound.title';
    document.title = `${t(text)} – ${t('app.name')}`;
    if (shown.current === location) return;
    shown.current = location;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [location, t]);
}

/** Leads to the guide that explains the view. */
function HelpLink(): ReactNode {
  const { t } = useTexts();
  const [location] = useLocation();
  return (
    <ActionIcon component={Link} href={helpFor(location)} variant="default" size="lg" aria-label={t('help.here')} title={t('help.here')}>
      <Text span fw={700} aria-hidden>
        ?
      </Text>
    </ActionIcon>
  );
}

/** What was just decided is stored first, under the account that decided it; what cannot be stored stays on the page, and so does the user. */
async function logOut(): Promise<void> {
  await pending.flush();
  if (pending.state.failed && pending.studies().size > 0) return;
  forgetWorklist();
  await post('/api/logout').catch(() => undefined);
  location.assign(belowBase('/login'));
}

function SingleKeysItem(): ReactNode {
  const { t } = useTexts();
  const [isOn, setOn] = useState(areSingleKeysOn);
  return (
    <Menu.Item
      onClick={() => {
        setSingleKeys(!isOn);
        setOn(!isOn);
      }}
    >
      {t(isOn ? 'keys.switchOff' : 'keys.switchOn')}
    </Menu.Item>
  );
}

function Settings({ onKeys }: { readonly onKeys: () => void }): ReactNode {
  const { t, language, setLanguage } = useTexts();
  const { setColorScheme } = useMantineColorScheme();
  const user = useCurrentUser();
  return (
    <Menu position="bottom-end" shadow="md" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('app.settings')}>
          <Dots />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {user && (
          <Menu.Label>
            {user.name} · {user.roles.join(', ')}
          </Menu.Label>
        )}
        <Menu.Item onClick={() => setColorScheme('dark')}>{t('app.theme.dark')}</Menu.Item>
        <Menu.Item onClick={() => setColorScheme('light')}>{t('app.theme.light')}</Menu.Item>
        <Menu.Divider />
        {languageCodes.map((one) => (
          <Menu.Item key={one} lang={one} onClick={() => setLanguage(one)} aria-current={one === language ? 'true' : undefined}>
            {languageName(one)}
            {one === language ? ' ✓' : ''}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={onKeys} rightSection={<kbd>?</kbd>}>
          {t('keys.title')}
        </Menu.Item>
        <SingleKeysItem />
        <Menu.Item component={Link} href="/help">
          {t('nav.help')}
        </Menu.Item>
        <Menu.Item component="a" href={belowBase('/api/docs')}>
          {t('nav.api')}
        </Menu.Item>
        <Menu.Item component="a" href={belowBase('/password')}>
          {t('app.password')}
        </Menu.Item>
        <Menu.Item onClick={() => void logOut()}>{t('app.logout')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Dots(): ReactNode {
  return (
    <>
      <svg width="18" height="18" viewBox="0 0 24 24" fill="currentColor" aria-hidden>
        <circle cx="12" cy="5" r="2" />
        <circle cx="12" cy="12" r="2" />
        <circle cx="12" cy="19" r="2" />
      </svg>
      <VisuallyHidden>…</VisuallyHidden>
    </>
  );
}
