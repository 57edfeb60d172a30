/**
 * Functions that harmless pickles of PyTorch name: they only put tensors, numbers and containers together. A file that names any
 * other is refused, although nothing of it would be called here: it was made by other means than `torch.save` of a model, or to run
 * something.
 */
const known = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'collections.deque',
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
  'torch._tensor._rebuild_from_type_v2',
  'torch.nn.backends.thnn._get_thnn_function_backend',
  'torch.device',
  'torch.Size',
  'torch.serialization._get_layout',
  'numpy.dtype',
  'numpy.ndarray',
  'numpy.core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy._core.multiarray._reconstruct',
  'datetime.datetime',
  'datetime.timedelta',
  'pathlib.Path',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'pathlib.PurePosixPath',
  'argparse.Namespace',
  '_codecs.encode',
  'copyreg._reconstructor',
  'copy_reg._reconstructor',
  ...['set', 'frozenset', 'list', 'dict', 'tuple', 'slice', 'range', 'complex', 'bytearray', 'object'].flatMap((name) => [
    `builtins.${name}`,
    `__builtin__.${name}`,
  ]),
]);

/** The first function that no harmless pickle names. */
export function unknownCall(calls: ReadonlySet<string>): string | undefined {
  return [...calls].find((name) => !known.has(name));
}
