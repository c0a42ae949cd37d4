/** What `find` finds of `key`, found once and kept as long as that. */
export function knownOnce<Key extends object, Found>(
  known: WeakMap<Key, Found>,
  key: Key,
  find: () => Found,
): Found {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  known.set(key, found);
  return found;
}
