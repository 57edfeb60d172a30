import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config.js';
import { alertRules, dashboardQueries, metricsIn, monitoringFolder, readExposition } from '../support/monitoring.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { spawnService, type SpawnedService } from '../support/service.js';

const noPrometheus =
  spawnSync('prometheus', ['--version']).status === 0 ? false : 'Prometheus is not installed (Debian package prometheus)';

describe('deploy/monitoring with a running service', () => {
  const pacs = useOrthanc();
  const secrets = join(temporaryDirectory('monitoring'), 'secrets');
  const tokenFile = join(secrets, 'prometheus/metrics-token');
  let service: SpawnedService | undefined;
  let url = '';
  let exposition = '';
  after(() => service?.end());
  before(async () => {
    assert.equal(spawnSync('/bin/sh', [join(projectRoot, 'deploy/setup.sh'), secrets, temporaryDirectory('given')]).status, 0);
    service = await spawnService(pacs.orthanc, {
      dataDir: temporaryDirectory('monitored'),
      environment: { ENGINE: 'onnx-cpu', LOG_FORMAT: 'json', METRICS_TOKEN_FILE: join(secrets, 'chest-ai/metrics-token') },
    });
    url = /"url":"(http:[^"]+)"/.exec(service.output())![1]!;
    await pacs.dicomWeb.storeInstances(chestStudy('monitored').files);
    await eventually(
      'a study is counted',
      async () => {
        exposition = await figures(readFileSync(tokenFile, 'utf8'));
        assert.match(exposition, /^chest_ai_study_seconds_count\{outcome="reported"\} 1$/m);
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });
  const figures = async (token: string): Promise<string> => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    return response.ok ? response.text() : `status ${response.status}`;
  };

  test('the token that setup made reads the figures and nothing else; another reads nothing', async () => {
    const token = readFileSync(tokenFile, 'utf8');
    assert.equal(await figures(`${token}0`), 'status 401');
    for (const path of ['/api/results', '/api/audit', '/api/system'])
      assert.ok([401, 403].includes((await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status), path);
  });

  test('every metric and label of the dashboard and of the rules is one that the service exports', () => {
    const exposed = readExposition(exposition);
    // Prometheus adds these itself.
    const added = ['job', 'instance'];
    const queries = [...dashboardQueries().map(({ expr }) => expr), ...alertRules().map(({ expr }) => expr)];
    const named = queries.flatMap(metricsIn);
    assert.ok(named.length > 40);
    for (const { name, labels } of named) {
      assert.ok(exposed.names.has(name), `${name} is not exported`);
      const own = exposed.labels.get(name);
      for (const label of own ? labels : []) assert.ok(own!.has(label) || added.includes(label), `${name} has no label ${label}`);
    }
    const queues = new Set([...exposition.matchAll(/^chest_ai_oldest_job_seconds\{queue="([^"]+)"/gm)].map((match) => match[1]!));
    for (const queue of ['study-intake', 'study-report']) assert.ok(queues.has(queue), queue);
  });

  test('the log is one JSON object a line, with the fields that deploy/monitoring/alloy reads', () => {
    const alloy = readFileSync(join(monitoringFolder, 'alloy/config.alloy'), 'utf8');
    const [, expressions] = /expressions = \{(.*)\}/.exec(alloy)!;
    const fields = [...expressions!.matchAll(/(\w+) =/g)].map((match) => match[1]!);
    assert.deepEqual(fields, ['level', 'timestamp']);
    const lines = service!
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    assert.ok(lines.length > 5);
    for (const line of lines) {
      const entry = JSON.parse(line) as Readonly<Record<string, string>>;
      assert.match(entry['level']!, /^(debug|info|warn|error)$/);
      assert.match(entry['timestamp']!, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.ok(entry['message']);
    }
  });

  test('Prometheus loads the configuration and the rules, reads the service, and answers every query of the dashboard', {
    skip: noPrometheus,
  }, async () => {
    const folder = temporaryDirectory('prometheus');
    cpSync(join(monitoringFolder, 'prometheus'), folder, { recursive: true });
    mkdirSync(join(folder, 'data'));
    // Only addresses and places are the test's.
    const config = readFileSync(join(folder, 'prometheus.yml'), 'utf8')
      .replace('/etc/prometheus', folder)
      .replace('/run/secrets/metrics-token', tokenFile)
      .replace(/interval: 30s/g, 'interval: 1s')
      .replace(/dns_sd_configs:\n.*\n/, `static_configs: [{ targets: ["${new URL(url).host}"] }]\n`);
    writeFileSync(join(folder, 'prometheus.yml'), config);
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const prometheus = spawn(
      'prometheus',
      [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    prometheus.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ask = async <Data>(path: string): Promise<Data> => {
      const response = await fetch(`http://${address}/api/v1/${path}`);
      const { status, data, error } = (await response.json()) as { status: string; data: Data; error?: string };
      assert.equal(status, 'success', `${path}: ${error ?? ''}`);
      return data;
    };
    const ended = new Promise((resolve) => prometheus.once('exit', resolve));
    try {
      await eventually(
        'Prometheus has read the service',
        async () => {
          assert.equal((prometheus as ChildProcess).exitCode, null, log);
          const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>('targets');
          assert.deepEqual(
            activeTargets.map(({ health, lastError }) => [health, lastError]),
            [['up', '']],
          );
        },
        { timeoutMs: 30_000, intervalMs: 300 },
      );
      await eventually('every rule was evaluated without an error', async () => {
        const { groups } = await ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>('rules');
        assert.deepEqual(
          groups.flatMap(({ rules }) => rules.map(({ name, health, lastError = '' }) => [name, health, lastError])),
          alertRules().map(({ alert }) => [alert, 'ok', '']),
        );
      });
      const query = (expression: string) => ask<{ result: { value: [number, string] }[] }>(`query?query=${encodeURIComponent(expression)}`);
      assert.deepEqual(
        (await query('chest_ai_ready{job="chest-ai"}')).result.map(({ value }) => value[1]),
        ['1'],
      );
      const adapter = parse(readFileSync(join(monitoringFolder, 'prometheus-adapter.yml'), 'utf8')) as {
        readonly rules: { readonly external: readonly [{ readonly metricsQuery: string }] };
      };
      const waiting = adapter.rules.external[0].metricsQuery
        .replace('<<.Series>>', 'chest_ai_jobs')
        .replace('<<.LabelMatchers>>', 'job="chest-ai"');
      assert.deepEqual(
        (await query(waiting)).result.map(({ value }) => value[1]),
        ['0'],
        'no study waits for a worker',
      );
      // Nothing failed here, no drift was checked, and no report of a radiologist is read.
      const mayBeEmpty = [
        'Failed requests',
        'Stability index',
        'Alarms',
        'Agreement of readers',
        'Studies of the check',
        "Radiologists' reports",
      ];
      // A rate needs a second reading.
      await eventually('every panel shows something', async () => {
        const empty: string[] = [];
        for (const { panel, expr } of dashboardQueries()) if ((await query(expr)).result.length === 0) empty.push(panel);
        assert.deepEqual(
          empty.filter((panel) => !mayBeEmpty.includes(panel)),
          [],
        );
      });
    } finally {
      prometheus.kill('SIGKILL');
      await ended;
    }
  });
});
