/**
 * Variables that a child process may have. All others stay in the service, because they may hold a secret (ORTHANC_PASSWORD,
 * DATABASE_URL, HINT_TOKEN, credentials in a proxy's address, tokens of a cloud): a new variable is a secret until it is listed here.
 */
const allowedNames = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'UV_THREADPOOL_SIZE',
  'SYSTEMROOT',
]);
/** For a child that downloads: how it reaches the network, and where npm keeps its settings. A proxy's address may hold credentials. */
export const downloadVariables = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NPM_CONFIG_REGISTRY',
  'npm_config_registry',
  'NPM_CONFIG_USERCONFIG',
  'npm_config_userconfig',
  'npm_config_cache',
  'DEBIAN_FRONTEND',
];
/** Where the docker program finds its daemon. */
export const containerVariables = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'];
/** Locale; GPU drivers and their libraries; threads of numeric libraries. */
const allowedPrefixes = [
  'LC_',
  'CUDA_',
  'NVIDIA_',
  'NV_',
  'CUDNN_',
  'NCCL_',
  'VK_',
  'VULKAN_',
  'MESA_',
  'LIBGL_',
  'GALLIUM_',
  'LP_',
  'EGL_',
  'DAWN_',
  'XDG_',
  'TF_',
  'XLA_',
  'OMP_',
  'GOMP_',
  'KMP_',
  'MKL_',
  'OPENBLAS_',
  'ORT_',
];
/** Names that look like a secret stay out whatever they begin with. */
const secretName = /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH|COOKIE|_URL/i;

/**
 * The environment of a child process: the allowed variables of this process, and the given ones.
 *
 * @param given wins over what is inherited; undefined values are left out
 * @param further names that this child needs beside the list, for example those of a proxy for a download
 */
export function childEnvironment(
  given: Readonly<Record<string, string | undefined>> = {},
  further: readonly string[] = [],
): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => further.includes(name) || isAllowed(name));
  return Object.fromEntries([...inherited, ...Object.entries(given)].filter(([, value]) => value !== undefined));
}

function isAllowed(name: string): boolean {
  if (secretName.test(name)) return false;
  return allowedNames.has(name.toUpperCase()) || allowedPrefixes.some((prefix) => name.startsWith(prefix));
}
