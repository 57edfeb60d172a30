import { listSupportedBackends } from 'onnxruntime-node';
import { providers, type Provider } from './protocol.js';

/** The providers that this build of onnxruntime-node knows; whether they start is for a probe to say. */
export function listedProviders(): readonly Provider[] {
  const names = new Set(listSupportedBackends().map(({ name }) => name));
  return providers.filter((provider) => names.has(provider));
}
