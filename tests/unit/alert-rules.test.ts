import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config.js';
import { alertRules, dashboard, monitoringFolder } from '../support/monitoring.js';

const folder = join(monitoringFolder, 'prometheus');
const missing = spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not installed (Debian package prometheus)';
const promtool = (...parameters: string[]) => spawnSync('promtool', parameters, { cwd: folder, encoding: 'utf8' });

test('promtool takes the rules, and their unit tests pass', { skip: missing }, () => {
  for (const parameters of [
    ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml'],
    ['test', 'rules', 'rules.test.yml'],
  ]) {
    const { status, stdout, stderr } = promtool(...parameters);
    assert.equal(status, 0, `${parameters.join(' ')}: ${stdout}${stderr}`);
  }
});

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

test('each alert has a test in which it is raised and one in which it is not, and a section of the guide', () => {
  const { tests } = parse(readFileSync(join(folder, 'rules.test.yml'), 'utf8')) as RuleTests;
  const cases = tests.flatMap((one) => one.alert_rule_test);
  const guide = readFileSync(join(projectRoot, 'docs/guide/monitoring.md'), 'utf8');
  const rules = alertRules();
  assert.ok(rules.length > 10);
  for (const { alert, annotations } of rules) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(
      own.some(({ exp_alerts: expected }) => expected.length > 0) && own.some(({ exp_alerts: expected }) => expected.length === 0),
      alert,
    );
    assert.match(guide, new RegExp(`^### ${alert}$`, 'm'));
    assert.equal(annotations['guide'], `docs/guide/monitoring.md#${alert.toLowerCase()}`);
  }
});

test('no two panels of the dashboard overlap or have one number, and each asks the data source that is chosen', () => {
  const { panels, templating } = dashboard();
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const [source] = templating.list;
  const provisioned = parse(readFileSync(join(monitoringFolder, 'grafana/provisioning/datasources/prometheus.yml'), 'utf8')) as {
    readonly datasources: readonly { readonly uid: string }[];
  };
  assert.equal(source!.current.value, provisioned.datasources[0]!.uid);
  const taken = new Set<string>();
  for (const { title, type, gridPos, datasource, targets = [] } of panels) {
    if (type !== 'row') assert.ok(targets.length > 0, title);
    for (const one of type === 'row' ? [] : [datasource!, ...targets.map((target) => target.datasource)])
      assert.equal(one.uid, `\${${source!.name}}`, title);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} lies over another panel`);
        taken.add(`${x},${y}`);
      }
  }
});
