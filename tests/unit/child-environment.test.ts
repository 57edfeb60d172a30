import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { childEnvironment } from '../../src/lib/child-environment.js';
import { projectRoot } from '../../src/config.js';

test('D35: a child process gets listed variables only, no secret of the service or of the host', () => {
  const secrets = [
    'ORTHANC_PASSWORD',
    'DATABASE_URL',
    'HINT_TOKEN',
    'OIDC_CLIENT_SECRET',
    'ORTHANC_PASSWORD_FILE',
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'NVIDIA_API_KEY',
    'XDG_SESSION_TOKEN',
    'HTTPS_PROXY',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'PGPASSWORD',
    'SOMETHING_NEW',
  ];
  const wanted = [
    'PATH',
    'HOME',
    'TZ',
    'LANG',
    'LC_ALL',
    'CUDA_VISIBLE_DEVICES',
    'NVIDIA_VISIBLE_DEVICES',
    'LD_LIBRARY_PATH',
    'VK_ICD_FILENAMES',
    'TF_FORCE_GPU_ALLOW_GROWTH',
    'XDG_RUNTIME_DIR',
  ];
  const before = { ...process.env };
  try {
    for (const name of [...secrets, ...wanted]) process.env[name] = `value of ${name}`;
    const environment = childEnvironment({ GIVEN: 'yes', ABSENT: undefined });
    assert.deepEqual(
      secrets.filter((name) => name in environment),
      [],
    );
    assert.deepEqual(
      wanted.filter((name) => !(name in environment)),
      [],
    );
    assert.deepEqual([environment['GIVEN'], 'ABSENT' in environment], ['yes', false]);
  } finally {
    for (const name of [...secrets, ...wanted]) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test('D35: every place that starts a process says which environment it gets', () => {
  const source = join(projectRoot, 'src');
  const starts =
    /\b(?:spawn|fork|execFile|exec|run)\((?:process\.execPath|program|file|command|'\/bin|fileURLToPath)|promisify\(execFile\)\(/;
  const offences = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ts$/.test(name) && !name.startsWith('web/'))
    .flatMap((name) => {
      const text = readFileSync(join(source, name), 'utf8');
      if (!text.includes("from 'node:child_process'")) return [];
      return text.split('\n').flatMap((line, index) =>
        starts.test(line) &&
        !/\benv[:,]/.test(
          text
            .split('\n')
            .slice(index, index + 8)
            .join('\n'),
        )
          ? [`${name}:${index + 1}`]
          : [],
      );
    });
  assert.deepEqual(offences, []);
});
