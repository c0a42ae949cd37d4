import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { expect, test } from 'vitest';

const IMPORT =
  /(?:^|\n)(?:import|export)\b(?!\s+type\b)(?:[\w\s{},*$]*\bfrom)?\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
/** What a bundler takes along though nothing imports it: workers. */
const WORKER = /new Worker\(new URL\(['"]([^'"]+)['"]/g;

/** Every module that the one at `entry` reaches, with who asks for it. */
function importGraph(entry: URL): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  const queue = [entry];
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    if (graph.has(url.href)) continue;
    const text = readFileSync(url, 'utf8');
    const imported = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
    const workers = [...text.matchAll(WORKER)].map((match) => match[1].replace(/\.js$/, '.ts'));
    graph.set(url.href, [...imported, ...workers]);
    for (const name of [...imported, ...workers]) if (name.startsWith('.')) queue.push(new URL(name, url));
  }
  return graph;
}

const entry = (name: string) => new URL(`../src/${name}`, import.meta.url);

test('the browser entry imports nothing of Node, nor any package', () => {
  const graph = importGraph(entry('index.ts'));
  expect(graph.size).toBeGreaterThan(20);
  const foreign = [...graph].flatMap(([file, names]) =>
    names.filter((name) => !name.startsWith('.')).map((name) => `${file} imports ${name}`),
  );
  expect(foreign).toEqual([]);
  expect([...graph.keys()].some((file) => file.endsWith('kernel-worker.ts'))).toBe(true);
  expect([...graph.keys()].some((file) => file.endsWith('training-worker.ts'))).toBe(true);
});

test('the Node entry needs only what Node brings', () => {
  const names = [...importGraph(entry('node.ts')).values()].flat().filter((name) => !name.startsWith('.'));
  expect(names).toContain('node:worker_threads');
  for (const name of names) expect(builtinModules).toContain(name.replace(/^node:/, ''));
});
