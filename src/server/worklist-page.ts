import type { Health, ShownResult } from './server-tools.js';

/** One page for people: what was seen and what came of it, newest first. Works without any script. */
export function worklistPage(results: readonly ShownResult[], health: Health): string {
  const counts = (['reported', 'skipped', 'failed'] as const).map((outcome) => `${results.filter((one) => one.outcome === outcome).length} ${outcome}`).join(' · ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>orthanc-chest-ai</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>orthanc-chest-ai</h1>
<p class="notice" role="note">Not for diagnosis. Software results, not verified by a physician.</p>
<p class="state"><span class="${health.ok ? 'good' : 'bad'}">${health.ok ? 'running' : 'needs attention'}</span>
 Orthanc: ${escape(health.orthanc)} · ${escape(health.engine)} · model ${escape(health.model)} · queue ${health.queue.waiting + health.queue.active}, parked ${health.queue.parked}</p>
</header>
<main>
<p>${counts}</p>
${results.length ? table(results) : '<p class="empty">No study yet. Send one to Orthanc; it appears here when it is stable.</p>'}
</main>
</body>
</html>`;
}

function table(results: readonly ShownResult[]): string {
  return `<div class="scroll"><table>
<thead><tr><th scope="col">Outcome</th><th scope="col">Findings</th><th scope="col">Study Instance UID</th><th scope="col">Time</th><th scope="col">Model</th><th scope="col">Documents</th></tr></thead>
<tbody>
${results.map(row).join('\n')}
</tbody></table></div>`;
}

function row(result: ShownResult): string {
  return `<tr>
<td><span class="outcome ${result.outcome}">${result.outcome}</span></td>
<td>${result.findings.length ? `<ul>${result.findings.map(findingItem).join('')}</ul>` : `<span class="reason">${escape(result.reason ?? '')}</span>`}</td>
<td class="uid"><a href="/api/studies/${encodeURIComponent(result.studyInstanceUID)}">${escape(result.studyInstanceUID)}</a></td>
<td><time datetime="${result.createdAt.toISOString()}">${escape(result.createdAt.toLocaleString('sv-SE'))}</time></td>
<td>${escape(result.modelVersion)}</td>
<td>${[...result.documents.map((one) => escape(one.kind)), ...result.deliveries.map((one) => `${escape(one.destination)}: ${escape(one.state)}`)].join('<br>')}</td>
</tr>`;
}

function findingItem(finding: ShownResult['findings'][number]): string {
  return `<li class="${finding.decision}"><b>${Math.round(finding.probability * 100)} %</b> ${escape(finding.meaning)} <i>${finding.decision}</i></li>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root { color-scheme: dark; --ground: #14171a; --raised: #1d2226; --line: #363e45; --text: #e6e9eb; --quiet: #a8b2ba; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header, main { padding: 1rem 1.5rem; }
header { background: var(--raised); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.3rem; }
.notice { margin: .3rem 0; color: #ffd27a; }
.state { margin: 0; color: var(--quiet); }
.good { color: #7fd6a2; } .bad { color: #ff9a8f; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .55rem .75rem; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
ul { margin: 0; padding: 0; list-style: none; }
li i { color: var(--quiet); font-style: normal; }
li.present b, li.present i { color: #ff9a8f; } li.undetermined b, li.undetermined i { color: #ffd27a; } li.absent b { color: #7fd6a2; }
.uid { font-family: ui-monospace, monospace; font-size: .85rem; word-break: break-all; max-width: 22rem; }
a { color: #9ecbff; }
.outcome { padding: .1rem .5rem; border-radius: .6rem; border: 1px solid currentColor; }
.reported { color: #7fd6a2; } .skipped { color: #ffd27a; } .failed { color: #ff9a8f; }
.reason { color: var(--quiet); }
`;
