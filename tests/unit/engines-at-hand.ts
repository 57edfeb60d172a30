import { existsSync } from 'node:fs';
import { candidate, engineNames, type EngineName, type StartedEngine } from '../../src/engine/candidates.js';
import { probeEngine, type ProbeReport } from '../../src/engine/probe-engine.js';

/** An engine that starts here, or why it does not: the reason with which its tests are skipped. */
export type EngineAtHand =
  | {
      readonly name: EngineName /** A GPU that is software: correct, and so slow that it gets the smallest network only. */;
      readonly software: boolean;
      readonly start: () => Promise<StartedEngine>;
    }
  | { readonly name: EngineName; readonly absent: string };

const threads = 2;
/** Of Debian's chromium; it needs Debian's libvulkan1 beside it. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Every engine of this version (or of those named), those installed tried first. WebGPU without a GPU is tried on
 * SwiftShader, which shows that what is computed is right, not that it is fast.
 */
export async function enginesAtHand(names: readonly EngineName[] = engineNames): Promise<readonly EngineAtHand[]> {
  const engines: EngineAtHand[] = [];
  for (const name of names) {
    const { installed, title, start } = candidate(name);
    if (!installed) {
      engines.push({ name, absent: `absent: ${title} is not installed` });
      continue;
    }
    let probe = await probeEngine(name, threads, { tiny: true });
    const webgpu = name.endsWith('webgpu');
    if ('error' in probe && webgpu && existsSync(swiftShader)) probe = await onSwiftShader(name, probe);
    const software = webgpu && process.env['VK_ICD_FILENAMES'] === swiftShader;
    engines.push('error' in probe ? { name, absent: `absent: ${probe.error}` } : { name, software, start: () => start(threads, 'test') });
  }
  return engines;
}

/** The driver stays chosen for this process and those it starts; no other engine asks for one. */
async function onSwiftShader(name: EngineName, without: ProbeReport): Promise<ProbeReport> {
  process.env['VK_ICD_FILENAMES'] = swiftShader;
  const probe = await probeEngine(name, threads, { tiny: true });
  return 'error' in probe ? without : probe;
}
