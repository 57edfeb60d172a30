import { escaped } from '../../evaluation/page/html.js';
import { pageStyle } from '../../evaluation/page/style.js';
import { reportBlocks, type Block, type Cell } from './report-blocks.js';
import type { ReportWords } from './report-texts.js';
import type { TrialReport } from './trial-figures.js';

/** The report as one file that loads nothing, for screen and print. @param publicUrl of the service, for links to studies */
export function reportHtml(report: TrialReport, words: ReportWords, publicUrl?: string): string {
  const blocks = reportBlocks(report, words, publicUrl);
  const title = `${words.t('title')} ${report.figures.modelVersion}`;
  return `<!doctype html>
<html lang="${words.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>${pageStyle}@page{size:A4 landscape;margin:12mm}.facts th{width:22rem}td,th{overflow-wrap:anywhere}</style></head><body>
<main>${blocks.map(htmlOf).join('\n')}</main>
</body></html>
`;
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `<h1>${escaped(block.text)}</h1>`;
    case 'heading':
      return `<h2>${escaped(block.text)}</h2>`;
    case 'notice':
      return `<p class="notice">${escaped(block.text)}</p>`;
    case 'paragraph':
      return `<p>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const head = block.head
        ? `<thead><tr>${block.head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr></thead>`
        : '';
      const rows = block.rows.map((row) => `<tr>${row.map((cell, place) => cellOf(cell, place === 0)).join('')}</tr>`);
      return `<div class="scroll"><table${block.head ? '' : ' class="facts"'}>${head}<tbody>${rows.join('')}</tbody></table></div>`;
    }
  }
}

function cellOf(cell: Cell, isFirst: boolean): string {
  const content =
    typeof cell === 'string'
      ? escaped(cell)
      : cell.links
          .map(({ text, href }) => (href === undefined ? escaped(text) : `<a href="${escaped(href)}">${escaped(text)}</a>`))
          .join(' ');
  return isFirst ? `<th scope="row">${content}</th>` : `<td>${content}</td>`;
}
