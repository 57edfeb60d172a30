import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';
import { reportBlocks, type Block, type Cell } from './report-blocks.js';
import type { ReportWords } from './report-texts.js';
import type { TrialReport } from './trial-figures.js';

const fontFile = (name: string): string => createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);

const margin = 36;
const padding = 3;
const size = { title: 16, heading: 12, text: 8.5, table: 7.5 };
const line = '#c8c8c8';

/**
 * The report as PDF, A4 landscape, tagged with its title and language.
 *
 * @param publicUrl of the service, for links to studies; without it a file has no links
 */
export async function reportPdf(report: TrialReport, words: ReportWords, publicUrl?: string): Promise<Buffer> {
  const title = `${words.t('title')} ${report.figures.modelVersion}`;
  const document = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margin,
    bufferPages: true,
    lang: words.language,
    displayTitle: true,
    info: { Title: title, Subject: words.t('notice') },
  });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<void>((resolve, reject) => {
    document.on('end', resolve);
    document.on('error', reject);
  });
  document.registerFont('plain', fontFile('DejaVuSansCondensed'));
  document.registerFont('bold', fontFile('DejaVuSansCondensed-Bold'));
  for (const block of reportBlocks(report, words, publicUrl)) draw(document, block, publicUrl !== undefined);
  numberPages(document, `${title} · ${words.t('notice')}`);
  document.end();
  await ended;
  return Buffer.concat(parts);
}

type Pdf = InstanceType<typeof PDFDocument>;

function widthOf({ page }: Pdf): number {
  return page.width - 2 * margin;
}

function bottomOf({ page }: Pdf): number {
  return page.height - margin - 14;
}

/** Begins a new page unless this height is left. */
function ensure(document: Pdf, height: number): void {
  if (document.y + height > bottomOf(document)) document.addPage();
}

function draw(document: Pdf, block: Block, hasLinks: boolean): void {
  document.x = margin;
  switch (block.kind) {
    case 'title':
      document
        .font('bold')
        .fontSize(size.title)
        .text(block.text, { width: widthOf(document) })
        .moveDown(0.4);
      return;
    case 'heading':
      // Not alone at the end of a page.
      ensure(document, 70);
      document
        .moveDown(0.8)
        .font('bold')
        .fontSize(size.heading)
        .text(block.text, { width: widthOf(document) })
        .moveDown(0.3);
      return;
    case 'notice':
      drawNotice(document, block.text);
      return;
    case 'paragraph':
      document
        .font('plain')
        .fontSize(size.text)
        .text(block.text, { width: widthOf(document) })
        .moveDown(0.4);
      return;
    case 'list':
      for (const item of block.items) {
        document.font('plain').fontSize(size.text);
        ensure(document, document.heightOfString(`• ${item}`, { width: widthOf(document) }));
        document.text(`• ${item}`, margin, document.y, { width: widthOf(document) }).moveDown(0.3);
      }
      return;
    case 'table':
      drawTable(document, block, hasLinks);
  }
}

function drawNotice(document: Pdf, text: string): void {
  document.font('bold').fontSize(size.text);
  const width = widthOf(document);
  const height = document.heightOfString(text, { width: width - 12 }) + 8;
  ensure(document, height);
  const top = document.y;
  document.rect(margin, top, width, height).fillAndStroke('#fff4ce', '#bf8700');
  document.fillColor('black').text(text, margin + 6, top + 4, { width: width - 12 });
  document.x = margin;
  document.y = top + height + 6;
}

function drawTable(document: Pdf, { head, rows, widths }: Extract<Block, { kind: 'table' }>, hasLinks: boolean): void {
  const total = widths.reduce((sum, one) => sum + one, 0);
  const columns = widths.map((one) => (one / total) * widthOf(document));
  const heightOf = (cells: readonly Cell[], font: (place: number) => string): number =>
    Math.max(
      ...cells.map((cell, place) =>
        document
          .font(font(place))
          .fontSize(size.table)
          .heightOfString(textIn(cell) || ' ', { width: columns[place]! - 2 * padding }),
      ),
    ) +
    2 * padding;
  const drawRow = (cells: readonly Cell[], font: (place: number) => string, fill?: string): void => {
    const height = heightOf(cells, font);
    const top = document.y;
    let left = margin;
    cells.forEach((cell, place) => {
      const width = columns[place]!;
      if (fill) document.rect(left, top, width, height).fill(fill);
      document.rect(left, top, width, height).lineWidth(0.5).stroke(line);
      document.font(font(place)).fontSize(size.table).fillColor('black');
      drawCell(document, cell, { left: left + padding, top: top + padding, width: width - 2 * padding }, hasLinks);
      left += width;
    });
    document.x = margin;
    document.y = top + height;
  };
  const drawHead = (): void => {
    if (head) drawRow(head, () => 'bold', '#f0f2f5');
  };
  const rowFont = (place: number): string => (place === 0 ? 'bold' : 'plain');
  ensure(document, (head ? heightOf(head, () => 'bold') : 0) + (rows[0] ? heightOf(rows[0], rowFont) : 0));
  drawHead();
  for (const row of rows) {
    if (document.y + heightOf(row, rowFont) > bottomOf(document)) {
      document.addPage();
      drawHead();
    }
    drawRow(row, rowFont);
  }
  document.y += 6;
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

function drawCell(document: Pdf, cell: Cell, { left, top, width }: Place, hasLinks: boolean): void {
  if (typeof cell === 'string') {
    document.text(cell, left, top, { width });
    return;
  }
  if (!hasLinks) return;
  let at = left;
  for (const { text, href } of cell.links) {
    document.fillColor('#0050a0').text(text, at, top, { lineBreak: false, underline: true, ...(href === undefined ? {} : { link: href }) });
    at += document.widthOfString(`${text}  `);
  }
  document.fillColor('black');
}

function textIn(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.links.map(({ text }) => text).join(' ');
}

/** Each page states what it is, also if it is printed alone. */
function numberPages(document: Pdf, text: string): void {
  const { count } = document.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    document.switchToPage(page);
    const { margins } = document.page;
    const bottom = margins.bottom;
    // In the margin, without a new page.
    margins.bottom = 0;
    document
      .font('plain')
      .fontSize(6.5)
      .fillColor('#444444')
      .text(`${text} · ${page + 1}/${count}`, margin, document.page.height - margin + 6, { width: widthOf(document), lineBreak: false });
    margins.bottom = bottom;
  }
}
