import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../src/config.js';

/** deploy/helm of the repository. */
export const chartFolder = join(projectRoot, 'deploy/helm');

/** Where tests/support/kubernetes-tools.sh puts helm, kubeconform and the schemas. */
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'orthanc-chest-ai/kubernetes-tools');

/** The reason why tests of the rendered chart are skipped; false: they run. */
export const noKubernetesTools = existsSync(join(tools, 'made'))
  ? false
  : 'helm and kubeconform are compiled by tests/support/kubernetes-tools.sh, about five minutes, and were not';

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** Kubernetes 1.27 is the oldest that the chart accepts; the others are the newest of the schemas. */
export const kubernetesVersions = ['1.27.0', '1.34.0', '1.37.0'] as const;

export function helm(...parameters: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(join(tools, 'bin/helm'), parameters, { cwd: chartFolder, encoding: 'utf8' });
}

/** @param values as of `helm --set-json` */
export function render(
  values: Readonly<Record<string, unknown>> = {},
  kubernetes: string = kubernetesVersions[1],
): ReturnType<typeof helm> {
  const set = Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]);
  return helm('template', 'reading', '.', '--kube-version', kubernetes, ...set);
}

export function objectsIn(manifest: string): readonly KubernetesObject[] {
  return parseAllDocuments(manifest)
    .map((one) => one.toJS() as KubernetesObject | null)
    .filter((one) => one !== null);
}

/** @returns what kubeconform finds, and its summary */
export function validateObjects(manifest: string, kubernetes: string): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(
    join(tools, 'bin/kubeconform'),
    ['-strict', '-summary', '-schema-location', join(tools, 'schemas', kubernetes, '{{.ResourceKind}}{{.KindSuffix}}.json'), '-'],
    { input: manifest, encoding: 'utf8' },
  );
}
