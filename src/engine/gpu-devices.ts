import { readdirSync } from 'node:fs';

/** How graphics processors show themselves: render nodes, NVIDIA's own devices, and Windows' from within WSL. */
const devices = /^(nvidia\d+|nvidiactl|dxg|kfd|dri|mali\d*|nvhost-gpu|nvmap)$/;

/**
 * Whether this machine may have a graphics processor that this process can open. Only Linux can tell without trying; a Vulkan driver
 * that computes on the processor itself is none.
 */
export function mayHaveGpu(platform: string = process.platform, names: () => readonly string[] = () => readdirSync('/dev')): boolean {
  if (platform !== 'linux') return true;
  try {
    return names().some((name) => devices.test(name));
  } catch {
    return true;
  }
}
