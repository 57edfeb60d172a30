/** What an engine's libraries look for: folders, drivers, threads. Everything else, the service's secrets among it, is not theirs. */
const ofUse = /^(PATH|HOME|USER|LANG|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|DISPLAY|LC_\w+|XDG_\w+|LD_\w+|DYLD_\w+|(CUDA|CUDNN|NVIDIA|NV|ORT|OMP|MKL|KMP|GOMP|VK|VULKAN|MESA|LIBGL|GALLIUM|LP|EGL|DAWN|TF|XLA)_\w+)$/i;

export function engineEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => ofUse.test(name)));
}
