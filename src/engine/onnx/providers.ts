import { listSupportedBackends } from 'onnxruntime-node';
import { providers, type Provider } from './protocol.js';

/** The providers that this build of onnxruntime-node knows; a probe finds out whether they start. */
export function listedProviders(): readonly Provider[] {
  const names = new Set(listSupportedBackends().map(({ name }) => name));
  return providers.filter((provider) => names.has(provider));
}
