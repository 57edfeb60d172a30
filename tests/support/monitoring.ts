import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config.js';

/** deploy/monitoring of the repository. */
export const monitoringFolder = join(projectRoot, 'deploy/monitoring');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly AlertRule[] }[];
}

export function alertRules(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(join(monitoringFolder, 'prometheus/rules.yml'), 'utf8')) as RuleFile;
  return groups.flatMap(({ rules }) => rules);
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly datasource: { readonly uid: string } }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly current: { readonly value: string } }[];
  };
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(monitoringFolder, 'grafana/dashboards/chest-ai.json'), 'utf8')) as Dashboard;
}

/** Every query of the dashboard, as Grafana sends it for a range of six hours. */
export function dashboardQueries(): readonly { readonly panel: string; readonly expr: string }[] {
  return dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr: expr.replaceAll('$__rate_interval', '2m') })),
  );
}

/** A metric as a query names it, with the labels that it chooses by. */
export interface NamedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The service's metrics in a PromQL expression. */
export function metricsIn(expression: string): readonly NamedMetric[] {
  return [...expression.matchAll(/\b(chest_ai_\w+)(?:\{([^}]*)\})?/g)].map(([, name, selectors = '']) => ({
    name: name!,
    labels: [...selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1]!),
  }));
}

/** What a reply of /metrics declares and contains. */
export interface ExposedMetrics {
  /** Names under which samples are found: of a histogram with their endings. */
  readonly names: ReadonlySet<string>;
  /** Label names of the samples that are there. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

export function readExposition(text: string): ExposedMetrics {
  const names = new Set<string>();
  const labels = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, declared, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    if (declared) for (const ending of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) names.add(declared + ending);
    const [, name, written] = /^(\w+)\{(.*)\} \S+$/.exec(line) ?? [];
    if (!name) continue;
    const found = labels.get(name) ?? new Set();
    for (const [, label] of written!.matchAll(/(\w+)="/g)) found.add(label!);
    labels.set(name, found);
  }
  return { names, labels };
}
