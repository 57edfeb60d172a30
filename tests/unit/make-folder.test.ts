import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../src/lib/make-folder.js';
import { temporaryDirectory } from '../support/orthanc.js';

test('makes what is missing with its mode, and nothing else', () => {
  const root = temporaryDirectory('make-folder');
  makeFolder(join(root, 'a/b/c'), 0o700);
  makeFolder(join(root, 'a/b/c'), 0o700);
  for (const made of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(root, made)).mode & 0o777, 0o700, made);
  mkdirSync(join(root, 'there'));
  symlinkSync(join(root, 'there'), join(root, 'link'));
  makeFolder(join(root, 'link'));
  makeFolder(join(root, 'link/below'));
  assert.ok(existsSync(join(root, 'there/below')));
});

test('what cannot be a folder is an error of the system, and is not waited for', () => {
  const root = temporaryDirectory('make-folder');
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'broken'));
  assert.throws(() => makeFolder(join(root, 'file')), { code: 'EEXIST' });
  assert.throws(() => makeFolder(join(root, 'file/a/b')), { code: 'ENOTDIR' });
  assert.throws(() => makeFolder(join(root, 'broken')), { code: 'ENOENT' });
  assert.throws(() => makeFolder(join(root, 'broken/a')), { code: 'ENOENT' });
  for (const path of ['/proc/none', '/proc/none/a/b']) assert.throws(() => makeFolder(path), { code: 'ENOENT' }, path);
});
