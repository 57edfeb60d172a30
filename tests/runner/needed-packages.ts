import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

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
  { file: '/usr/bin/tinyproxy', package: 'tinyproxy-bin' },
  { file: '/usr/bin/curl', package: 'curl' },
  { file: '/usr/bin/docker-compose', package: 'docker-compose' },
  { file: '/usr/bin/promtool', package: 'prometheus' },
];

/** Installs the Debian packages that the tests drive, as root; otherwise it says which are missing. */
export function installMissingPackages(): void {
  const missing = neededPrograms.filter(({ file }) => !existsSync(file)).map((one) => one.package);
  if (missing.length === 0) return;
  const permitted = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!permitted) {
    console.log(
      `Not installed: ${missing.join(', ')}. Tests that need them say that they are skipped; install with: sudo apt-get install ${missing.join(' ')}`,
    );
    return;
  }
  console.log(`Installing ${missing.join(', ')} …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Debian's way to say that what is installed now does not start as a service: tests start their own, on free ports.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const update = spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment });
  const install = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
  if (ours) rmSync(policy);
  if (update.status !== 0 || install.status !== 0) throw new Error(`apt-get could not install ${missing.join(', ')}`);
}
