/** What some names are called by those who type them. */
const ALIASES = [
  ['scikit-learn', 'sklearn'],
  ['tfjs', 'TensorFlow.js'],
];

/** Whether `wanted` is a part of the name or of its alias; letters' case, spaces and marks do not count. */
export function isNamed(name, wanted) {
  const aliases = ALIASES.filter(([known]) => name.includes(known));
  const names = [name, ...aliases.map(([known, alias]) => name.replace(known, alias))];
  return names.some((one) => bare(one).includes(bare(wanted)));
}

function bare(text) {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}
