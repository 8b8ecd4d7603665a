/** Local references in a JSON Schema. */

/** Whether some `$ref` leads back to itself. A reference that leads nowhere, or outside, ends the search. */
export const isRecursive = (root: unknown): boolean => {
  const settled = new Set<string>();
  const visit = (node: unknown, within: readonly string[]): boolean => {
    if (typeof node !== 'object' || node === null) return false;
    const ref = Array.isArray(node) ? undefined : (node as Record<string, unknown>)['$ref'];
    if (typeof ref === 'string' && follow(ref, within)) return true;
    return Object.values(node).some((child) => visit(child, within));
  };
  const follow = (ref: string, within: readonly string[]): boolean => {
    if (within.includes(ref)) return true;
    if (settled.has(ref)) return false;
    const recursive = visit(targetOf(root, ref), [...within, ref]);
    settled.add(ref);
    return recursive;
  };
  return visit(root, ['#']);
};

/** The target of a local `$ref` (a pointer, RFC 6901); undefined where it leads nowhere, or outside. */
export const targetOf = (root: unknown, ref: string): unknown => {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, step) => stepInto(node, decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')), root);
};

/** A pointer in a URI may be percent-encoded; a malformed one is used unchanged. */
const decoded = (step: string): string => {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
};

const stepInto = (node: unknown, step: string): unknown =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, step)
    ? (node as Record<string, unknown>)[step]
    : undefined;
