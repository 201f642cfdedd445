/**
 * A module of Node's own, where this is Node. Asked of the process instead of imported, so that no
 * bundler meets a Node module in a page's code.
 */
export function builtin<T>(id: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  return process?.getBuiltinModule?.(id) as T | undefined;
}
