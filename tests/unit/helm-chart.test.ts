import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig, processRoles, projectRoot } from '../../src/config.js';
import {
  chartFolder,
  helm,
  kubernetesVersions,
  noKubernetesTools,
  objectsIn,
  render,
  validateObjects,
  type KubernetesObject,
} from '../support/helm.js';
import { metricsIn } from '../support/monitoring.js';

const text = (name: string): string => readFileSync(join(chartFolder, name), 'utf8');
const everything = {
  'autoscaling.enabled': true,
  'ingress.enabled': true,
  'ingress.className': 'nginx',
  'ingress.tlsSecret': 'tls',
  'orthanc.caConfigMap': 'hospital-ca',
  publicUrl: 'https://chest-ai.hospital.example',
  timeZone: 'Europe/Berlin',
  routing: 'rules: []\n',
  'secrets.keys.oidcClientSecret': 'oidc-client-secret',
  config: {
    report: { profile: 'air' },
    access: { oidc: { issuer: 'https://login.example', clientId: 'x', roles: { readers: 'reader' } } },
  },
  env: { HOST: '::' },
  'roles.work.image.tag': 'gpu',
  'roles.work.resources': { limits: { 'nvidia.com/gpu': 1 } },
};

describe('deploy/helm, as text', () => {
  interface Values {
    readonly roles: Readonly<Record<string, unknown>>;
    readonly autoscaling: { readonly metric: string };
  }
  const values = parse(text('values.yaml')) as Values;

  test('the values are of their schema, and an unknown name or a secret as a variable is not', () => {
    // zod does not know "not", by which helm refuses a secret in `env`: see below.
    const written = JSON.parse(text('values.schema.json'), (name, value: unknown) => (name === 'not' ? undefined : value)) as Parameters<
      typeof z.fromJSONSchema
    >[0];
    const schema = z.fromJSONSchema(written);
    const checked = schema.safeParse(values);
    assert.ok(checked.success, checked.error?.message);
    for (const wrong of [{ rolles: {} }, { secrets: { name: '' } }, { ephemeralStorage: 'much' }, { roles: { ...values.roles, day: {} } }])
      assert.ok(!schema.safeParse({ ...values, ...wrong }).success, JSON.stringify(wrong));
  });

  test('there is a deployment for each role of the service, and the release is that of the program', () => {
    assert.deepEqual(Object.keys(values.roles).sort(), [...processRoles].sort());
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { readonly version: string };
    assert.equal((parse(text('Chart.yaml')) as { readonly appVersion: string }).appVersion, version);
  });

  test('every variable of the chart is a setting of the service', () => {
    const known = readFileSync(join(projectRoot, 'src/config/environment.ts'), 'utf8');
    const names = [...text('templates/_helpers.tpl').matchAll(/name: ([A-Z_]+),/g)].map((match) => match[1]!);
    assert.ok(names.length > 15);
    for (const name of names.filter((one) => one !== 'CONFIG_FILE')) assert.match(known, new RegExp(`^  ${name}: \\[`, 'm'), name);
  });

  test('the metric by which workers are scaled is the one that the adapter makes of the exported ones', () => {
    const { rules } = parse(readFileSync(join(projectRoot, 'deploy/monitoring/prometheus-adapter.yml'), 'utf8')) as {
      readonly rules: {
        readonly external: readonly {
          readonly seriesQuery: string;
          readonly metricsQuery: string;
          readonly name: { readonly as: string };
        }[];
      };
    };
    const [rule] = rules.external;
    assert.equal(rule!.name.as, values.autoscaling.metric);
    const [series] = metricsIn(rule!.seriesQuery);
    assert.match(readFileSync(join(projectRoot, 'src/server/metrics.ts'), 'utf8'), new RegExp(`name: '${series!.name}'`));
  });
});

describe('deploy/helm, rendered', { skip: noKubernetesTools }, () => {
  interface Container {
    readonly image: string;
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly securityContext: unknown;
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
    readonly livenessProbe: { readonly httpGet: { readonly path: string } };
    readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  }
  interface PodSpec {
    readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number };
    readonly automountServiceAccountToken: boolean;
    readonly containers: readonly [Container];
  }
  const podOf = ({ spec }: KubernetesObject): PodSpec => (spec['template'] as { readonly spec: PodSpec }).spec;
  const rendered = (values: Readonly<Record<string, unknown>>): readonly KubernetesObject[] => {
    const { status, stdout, stderr } = render(values);
    assert.equal(status, 0, stderr);
    return objectsIn(stdout);
  };

  test('helm lint finds nothing', () => {
    const { status, stdout, stderr } = helm('lint', '--strict', '.');
    assert.equal(status, 0, stdout + stderr);
  });

  for (const version of kubernetesVersions)
    test(`every object is one of Kubernetes ${version}, by default and with everything switched on`, () => {
      const manifests = [{}, everything].map((values) => render(values, version).stdout);
      const { status, stdout } = validateObjects(manifests.join('\n---\n'), version);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /Valid: 3\d, Invalid: 0, Errors: 0, Skipped: 0/);
    });

  test('a misspelt field is found', () => {
    const { stdout } = render();
    const misspelt = stdout.replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem');
    assert.match(validateObjects(misspelt, kubernetesVersions[0]).stdout, /readOnlyRootFileSystem/);
  });

  test('no container runs as root, writes outside its volumes or may gain a capability; each has probes', () => {
    const deployments = rendered(everything).filter(({ kind }) => kind === 'Deployment');
    assert.deepEqual(
      deployments.map(({ metadata }) => metadata.name).sort(),
      [...processRoles].map((role) => `reading-chest-ai-${role}`).sort(),
    );
    const user = /^USER (\d+):/m.exec(readFileSync(join(projectRoot, 'Dockerfile'), 'utf8'))![1];
    for (const deployment of deployments) {
      const { securityContext, automountServiceAccountToken, containers } = podOf(deployment);
      assert.deepEqual(
        [securityContext.runAsNonRoot, String(securityContext.runAsUser), automountServiceAccountToken],
        [true, user, false],
      );
      const [{ securityContext: own, volumeMounts, livenessProbe, readinessProbe, image }] = containers;
      assert.deepEqual(own, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      assert.deepEqual(
        volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath),
        ['/var/lib/chest-ai', '/tmp'],
      );
      assert.deepEqual([livenessProbe.httpGet.path, readinessProbe.httpGet.path], ['/health/live', '/health']);
      assert.equal(image.endsWith(':gpu'), deployment.metadata.name.endsWith('-work'));
    }
  });

  test('the service starts with the settings that each container gets', () => {
    const objects = rendered(everything);
    const folder = mkdtempSync(join(tmpdir(), 'chest-ai-chart-'));
    try {
      const inFolder = (path: string): string => join(folder, path);
      for (const path of ['/etc/chest-ai', '/run/secrets/chest-ai', '/etc/orthanc-ca']) mkdirSync(inFolder(path), { recursive: true });
      const { data } = objects.find(({ kind }) => kind === 'ConfigMap')!;
      for (const [name, content] of Object.entries(data!)) writeFileSync(inFolder(`/etc/chest-ai/${name}`), content);
      for (const role of processRoles) {
        const [{ env }] = podOf(
          objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${role}`))!,
        ).containers;
        const variables = Object.fromEntries(env.map(({ name, value }) => [name, /^\/(etc|run)\//.test(value) ? inFolder(value) : value]));
        for (const [name, path] of Object.entries(variables))
          if (path.includes('/run/secrets/'))
            writeFileSync(path, name === 'DATABASE_URL_FILE' ? 'postgres://chest_ai@postgres/chest_ai' : `content of ${basename(path)}`);
        const config = loadConfig(variables);
        assert.deepEqual(config.roles, [role]);
        assert.equal(config.database.url, 'postgres://chest_ai@postgres/chest_ai');
        assert.equal(config.access.metricsToken, 'content of metrics-token');
        assert.equal(config.access.oidc?.clientSecret, 'content of oidc-client-secret');
        assert.equal(config.report.profile, 'air');
        assert.deepEqual(
          [config.timeZone, config.resultLabels.enabled, config.log.format, config.server.host],
          ['Europe/Berlin', true, 'json', '::'],
        );
        assert.equal(config.routingFile, inFolder('/etc/chest-ai/routing.yaml'));
        assert.equal(config.dataDir, '/var/lib/chest-ai/data');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('no secret is in an object, only its name', () => {
    const { stdout } = render(everything);
    assert.ok(!objectsIn(stdout).some(({ kind }) => kind === 'Secret'));
    for (const { env } of objectsIn(stdout)
      .filter(({ kind }) => kind === 'Deployment')
      .map((one) => podOf(one).containers[0]))
      for (const { name, value } of env)
        if (/PASSWORD|TOKEN|SECRET|DATABASE_URL/.test(name))
          assert.match(`${name} ${value}`, /^\w+_FILE \/run\/secrets\/chest-ai\/[a-z-]+$/);
  });

  test('workers are scaled by the queue instead of by number; each role has a budget and a policy', () => {
    const objects = rendered(everything);
    const scaler = objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')!;
    const work = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-work'))!;
    assert.equal((scaler.spec['scaleTargetRef'] as { readonly name: string }).name, work.metadata.name);
    assert.equal(work.spec['replicas'], undefined);
    for (const kind of ['PodDisruptionBudget', 'NetworkPolicy'])
      assert.equal(objects.filter((one) => one.kind === kind).length, processRoles.length);
    assert.ok(
      !rendered({}).some(({ kind }) => ['HorizontalPodAutoscaler', 'Ingress', 'PodMonitor'].includes(kind)),
      'these are off by default',
    );
  });

  test('the PodMonitor reads with the token of the Secret, and is refused without one', () => {
    const monitor = rendered({ 'podMonitor.enabled': true }).find(({ kind }) => kind === 'PodMonitor')!;
    const [endpoint] = monitor.spec['podMetricsEndpoints'] as readonly { readonly port: string; readonly authorization: unknown }[];
    assert.deepEqual([endpoint!.port, endpoint!.authorization], ['http', { credentials: { name: 'chest-ai', key: 'metrics-token' } }]);
    assert.match(
      render({ 'podMonitor.enabled': true, 'secrets.keys.metricsToken': '' }).stderr,
      /podMonitor needs secrets\.keys\.metricsToken/,
    );
  });

  test('helm refuses an unknown value, a secret as a variable, and a second trainer on one volume', () => {
    for (const [wrong, message] of [
      [{ rolles: {} }, /rolles/],
      [{ env: { HINT_TOKEN: 'x' } }, /HINT_TOKEN/],
      [{ 'roles.train.replicas': 2 }, /train\/replicas/],
      [{ publicUrl: 'chest-ai.example' }, /publicUrl/],
    ] as const) {
      const { status, stderr } = render(wrong);
      assert.notEqual(status, 0, JSON.stringify(wrong));
      assert.match(stderr, message);
    }
  });
});
