import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { projectRoot } from '../src/config.js';

/**
 * `npm test`: installs the Debian packages the tests drive where that is possible, runs every *.test.js,
 * and ends with one plain line. `npm test -- unit/sr` runs the files whose path holds that text.
 */
const neededPrograms = [
  { file: '/usr/sbin/Orthanc', package: 'orthanc' },
  { file: '/usr/share/orthanc/plugins/libOrthancDicomWeb.so', package: 'orthanc-dicomweb' },
  { file: '/usr/share/orthanc/plugins/libOrthancWebViewer.so', package: 'orthanc-webviewer' },
  { file: '/usr/bin/storescu', package: 'dcmtk' },
  { file: '/usr/bin/dciodvfy', package: 'dicom3tools' },
  { file: '/usr/lib/postgresql', package: 'postgresql' },
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/lib/x86_64-linux-gnu/libvulkan.so.1', package: 'libvulkan1' },
  { file: '/usr/bin/xmllint', package: 'libxml2-utils' },
  { file: '/usr/sbin/nginx', package: 'nginx-light' },
  { file: '/usr/bin/openssl', package: 'openssl' },
  { file: '/usr/bin/curl', package: 'curl' },
];

installMissingPackages();
const filters = process.argv.slice(2);
const folder = join(projectRoot, 'dist/tests');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => existsSync(join(projectRoot, 'tests', name.replace(/\.js$/, '.ts'))))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  .sort()
  .map((name) => join(folder, name));

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const skips: string[] = [];
const stream = run({ files, concurrency: 2, timeout: 15 * 60_000 });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite' || isFileNode(event.name)) return;
  if (event.skip !== undefined && event.skip !== false) {
    counts.skipped++;
    skips.push(`${event.name}: ${String(event.skip)}`);
  } else counts.passed++;
});
stream.on('test:fail', (event) => {
  // A suite or file around a failed test fails with it; one whose hooks or whose process failed counts by itself.
  if ((event.details.error as { failureType?: string }).failureType === 'subtestsFailed') return;
  counts.failed++;
  failures.push(`${event.file ? `${relative(folder, event.file)}: ` : ''}${event.name}`);
});
// Not the runner's own stream: once a reporter reads it, its end is not told to anybody else.
const report = stream.compose(new spec());
report.on('end', () => {
  if (skips.length) console.log(`\nSkipped:\n${skips.map((line) => `  ${line}`).join('\n')}`);
  if (failures.length) console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
  const { passed, failed, skipped } = counts;
  console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
});
// Until the end is told, nobody has passed.
process.exitCode = 1;
report.pipe(process.stdout);

/** The runner reports each file as a test of its own around the tests in it. */
function isFileNode(name: string): boolean {
  return name.endsWith('.test.js');
}

function installMissingPackages(): void {
  const missing = neededPrograms.filter(({ file }) => !existsSync(file)).map((one) => one.package);
  if (missing.length === 0) return;
  const permitted = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!permitted) {
    console.log(`Not installed: ${missing.join(', ')}. Tests that need them say that they are skipped; install with: sudo apt-get install ${missing.join(' ')}`);
    return;
  }
  console.log(`Installing ${missing.join(', ')} …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Debian's way to say that what is installed now does not start as a service: tests start their own, on free ports.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const update = spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment });
  const install = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
  if (ours) rmSync(policy);
  if (update.status !== 0 || install.status !== 0) throw new Error(`apt-get could not install ${missing.join(', ')}`);
}
