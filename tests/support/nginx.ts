import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { eventually } from './eventually.js';
import { temporaryDirectory } from './orthanc.js';

/** Installing Debian's package starts a server on port 80 of this machine: so the tests do not do it. */
const program = process.env['NGINX'] ?? '/usr/sbin/nginx';

/** Why there is no nginx; undefined if there is one. */
export function noNginx(): string | undefined {
  return existsSync(program) ? undefined : `no ${program}; NGINX=… names another`;
}

/** A certificate for localhost and its key, in PEM files of a new folder. */
export function localhostCertificate(): { readonly certificate: string; readonly key: string } {
  const folder = temporaryDirectory('nginx-tls');
  const [certificate, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
    ],
    { stdio: 'pipe' },
  );
  return { certificate, key };
}

/** A real nginx with these sites. @param sites what stands inside `http { … }` @param ready whether it answers */
export async function startNginx(sites: string, ready: () => Promise<boolean>): Promise<{ stop(): void }> {
  const folder = temporaryDirectory('nginx');
  mkdirSync(join(folder, 'logs'));
  chmodSync(folder, 0o755);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join('\n');
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;\nmaster_process off;\npid ${join(folder, 'pid')};\nerror_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${sites}}\n`,
  );
  let log = '';
  const child = spawn(program, ['-p', folder, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually('nginx answers', async () => {
    assert.equal(child.exitCode, null, log);
    assert.ok(await ready());
  });
  return { stop: () => void child.kill('SIGKILL') };
}

/** A block of a guide in that language, as a reader copies it, with other values put in. */
export function blockOfGuide(guide: string, language: string, values: Readonly<Record<string, string>>, number = 0): string {
  const text = readFileSync(join(projectRoot, 'docs/guide', `${guide}.md`), 'utf8');
  const block = [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))][number]?.[1];
  assert.ok(block, `${guide}.md has block ${number} in ${language}`);
  return Object.entries(values).reduce((filled, [shown, value]) => {
    assert.ok(filled.includes(shown), `${guide}.md contains ${shown}`);
    return filled.replaceAll(shown, value);
  }, block);
}
