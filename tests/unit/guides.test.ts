import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { headingAnchor, headingsIn } from '../../src/lib/heading-anchor.js';
import { limitationsIn } from '../../src/registry/card-limitations.js';
import { openGuides } from '../../src/server/page/guides.js';
import { guideLink, helpFor } from '../../src/web/guide-address.js';

const guides = openGuides(join(projectRoot, 'docs'));

test('every guide and reference page is listed, and its links inside the page lead to a guide and a heading that exist', async () => {
  const listed = await guides.list();
  assert.ok(listed.filter(({ kind }) => kind === 'guide').length > 15 && listed.some(({ name }) => name === 'reference-documents'));
  const broken: string[] = [];
  for (const { name } of listed) {
    const { text, title } = await guides.read(name);
    assert.ok(title.length > 2 && !title.includes('-md'), name);
    for (const [, href] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g)) {
      const link = guideLink(name, href!);
      if (link.kind !== 'inside') continue;
      const [path, anchor] = link.address.startsWith('#') ? [`/help/${name}`, link.address.slice(1)] : link.address.split('#');
      const target = await guides.read(path!.slice('/help/'.length)).catch(() => undefined);
      if (!target || (anchor && !headingsIn(target.text).some((one) => one.anchor === anchor))) broken.push(`${name}: ${href}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('a guide of another name is refused, whatever the name looks like', async () => {
  for (const name of ['', '..', '../principles', 'triage.md', 'reference', '/etc/passwd', 'guide/triage'])
    await assert.rejects(guides.read(name), { code: 'not-found' });
});

test('the search finds sections that contain every word, those with the words in their heading first', async () => {
  const found = await guides.search('  password   account ');
  assert.ok(found.length > 0 && found.length <= 30);
  assert.ok(found.some(({ name, anchor }) => name === 'access' && anchor === 'accounts'));
  const [first] = await guides.search('Silent trial');
  assert.equal(first!.heading, 'Silent trial');
  assert.ok((await guides.search('mllp')).every(({ title, heading, excerpt }) => /mllp/i.test(title + heading + excerpt)));
  assert.deepEqual(await guides.search('   '), []);
  assert.deepEqual(await guides.search('zzzyx'), []);
});

test('links of guides lead to guides, to other sites, or nowhere', () => {
  assert.deepEqual(guideLink('page', 'triage.md'), { kind: 'inside', address: '/help/triage' });
  assert.deepEqual(guideLink('page', '../reference/documents.md#the-prior-result'), {
    kind: 'inside',
    address: '/help/reference-documents#the-prior-result',
  });
  assert.deepEqual(guideLink('reference-gate', '../guide/page.md'), { kind: 'inside', address: '/help/page' });
  assert.deepEqual(guideLink('reference-gate', 'guard.md'), { kind: 'inside', address: '/help/reference-guard' });
  assert.deepEqual(guideLink('', '#limitations'), { kind: 'inside', address: '#limitations' });
  assert.deepEqual(guideLink('page', 'https://www.dicomstandard.org'), { kind: 'outside', address: 'https://www.dicomstandard.org' });
  for (const href of ['../../README.md', '../images/flow.svg', 'javascript:alert(1)', '../../../etc/passwd', '../architecture.md'])
    assert.deepEqual(guideLink('page', href), { kind: 'file' }, href);
});

test('the help of every view is a guide that exists', async () => {
  for (const view of [
    '/worklist',
    '/study/1.2',
    '/analyze',
    '/operations',
    '/administration',
    '/discordances',
    '/audit',
    '/models',
    '/password',
  ])
    await guides.read(helpFor(view).slice('/help/'.length));
  assert.equal(helpFor('/nowhere'), '/help');
});

test('anchors are those of GitHub', () => {
  assert.equal(headingAnchor('The `--all` option: what, and why?'), 'the---all-option-what-and-why');
  assert.equal(headingAnchor('Über Größe'), 'über-größe');
  assert.deepEqual(
    headingsIn('# T\n\n## A b\n```\n## not this\n```\n### C\n').map(({ anchor }) => anchor),
    ['a-b', 'c'],
  );
});

test('usability 6: the card of the shipped model begins with limitations and the figures of hospitals that it never saw', async () => {
  const directory = join(projectRoot, 'models/starter');
  const card = readFileSync(join(directory, 'CARD.md'), 'utf8');
  assert.deepEqual(
    headingsIn(card)
      .slice(0, 2)
      .map(({ text }) => text),
    ['Limitations', 'X-ray: sources that were left out of training'],
  );
  const { figures } = JSON.parse(readFileSync(join(directory, 'model.json'), 'utf8')) as {
    readonly figures: { readonly xray: { readonly abnormal: { readonly unseen: { readonly source: string; readonly auroc: number } } } };
  };
  const abnormal = figures.xray.abnormal.unseen;
  assert.ok(abnormal.auroc < 0.8);
  const limitations = limitationsIn(card)!;
  assert.ok(limitations.startsWith('- **') && limitations.includes(abnormal.auroc.toFixed(2)) && limitations.includes(abnormal.source));
  assert.ok(!limitations.includes('\n## '));
  assert.equal(limitationsIn('# A card\n\n## What it is\n'), undefined);
  assert.equal(limitationsIn('## Limitations\n\n- one'), '- one');
});
