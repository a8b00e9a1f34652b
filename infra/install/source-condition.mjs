// A hook for `node:module`: the launcher runs the sources of the workspace's packages, as the tests
// do, because it needs some of them before anything is built.

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  const conditions = ['portcullis-source', ...context.conditions];
  return nextResolve(specifier, { ...context, conditions });
}
