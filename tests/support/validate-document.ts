import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Validation {
  readonly errors: readonly string[];
  /** Without the expected ones, see `expected`. */
  readonly warnings: readonly string[];
  /** Validators that are not installed here: their silence proves nothing. */
  readonly missing: readonly string[];
}

/**
 * dcmtk's VR checker knows no ISO_IR 192. dciodvfy's tables are older than Device UID in the Contributing Equipment
 * Sequence, which IHE AIR demands; it says so in one line and sums up in another. Private coding
 * schemes and mapping resources begin with 99 (PS3.16 §8.2); a finding that no public scheme codes for us has one, and so does
 * the template of readers' assessments. Of a key object selection dcmtk does not check the template, and says so.
 */
const expected = [
  /character ?set/i,
  /\(0x0018,0x1002\) UI Device UID/,
  /this is a Standard Extended SOP Class/,
  /Check for template constraints not yet supported/,
  /Unrecognized defined term <99\w+>.*(Coding Scheme Designator|Mapping Resource)/,
];

/**
 * An SR document before the two outside validators: dciodvfy (dicom3tools) for the IOD, dsrdump (dcmtk) for the tree.
 * A heat map is no report: only the first looks at it.
 * A validator that is not installed is named in `missing` and on standard output.
 */
export async function validateDocument(bytes: Uint8Array, kind: 'report' | 'image' = 'report'): Promise<Validation> {
  const folder = await mkdtemp(join(tmpdir(), 'chest-ai-validate-'));
  try {
    const file = join(folder, 'document.dcm');
    await writeFile(file, bytes);
    const runs = await Promise.all([run('dciodvfy', [file]), ...(kind === 'report' ? [run('dsrdump', [file])] : [])]);
    const missing = runs.filter((one) => one.missing).map((one) => one.program);
    if (missing.length > 0)
      console.log(`SKIPPED: ${missing.join(' and ')} not installed, document not validated by ${missing.length > 1 ? 'them' : 'it'}`);
    const lines = runs.flatMap((one) => one.lines).filter((line) => !expected.some((pattern) => pattern.test(line)));
    const isError = (line: string): boolean => /^(E: |F: |Error|.* error)/i.test(line);
    return {
      errors: [...lines.filter(isError), ...runs.filter((one) => one.failed).map((one) => `${one.program} failed: ${one.lines.join(' ')}`)],
      warnings: lines.filter((line) => /^(W: |Warning)/.test(line)),
      missing,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly program: string;
  readonly missing: boolean;
  readonly failed: boolean;
  readonly lines: readonly string[];
}

function run(program: 'dciodvfy' | 'dsrdump', args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(program, [...args], { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      const missing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
      // dciodvfy exits 1 whenever it has an error to tell; dsrdump tells its own on stderr only.
      const failed = !missing && error !== null && program === 'dsrdump';
      const text = program === 'dsrdump' ? stderr : stdout + stderr;
      resolve({
        program,
        missing,
        failed,
        lines: text
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      });
    });
  });
}
