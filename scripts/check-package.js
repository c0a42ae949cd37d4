// Packs the package, installs it in an empty project and uses it there as a stranger would.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'softmargin-package-'));

function run(command, args, cwd = folder) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function expect(condition, what) {
  if (!condition) throw new Error(`package check failed: ${what}`);
  console.log(`ok: ${what}`);
}

try {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  const names = packed.files.map((file) => file.path);
  expect(names.includes('wasm/kernels.wasm'), 'the package holds the kernels');
  expect(
    names.every((name) => !name.startsWith('test/') && !name.startsWith('src/')),
    'no tests, no sources',
  );

  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n');
  run('npm', ['install', '--no-audit', '--no-fund', join(folder, packed.filename)]);
  copyFileSync(join(root, 'examples', 'iris.csv'), join(folder, 'iris.csv'));

  run('npx', ['softmargin', 'train', 'iris.csv', '--target', 'species', '--out', 'iris.json']);
  const report = JSON.parse(run('npx', ['softmargin', 'evaluate', 'iris.json', 'iris.csv', '--json']));
  expect(report.metrics.accuracy > 0.95, 'the command trains and evaluates');

  writeFileSync(
    join(folder, 'use.ts'),
    `import { fit, loadModel, softmax } from 'softmargin';
import { readFileSync } from 'node:fs';
const model = await fit({ X: [[0, 1], [1, 0], [2, 1], [3, 3]], y: ['a', 'a', 'b', 'b'] }, { lambda: 0.1 });
const labels: readonly (string | number | boolean)[] = model.predict([[0, 1]]);
const stored = loadModel(readFileSync('iris.json', 'utf8'));
console.log(JSON.stringify([labels[0], softmax([0, 0])[0], stored.classes.length]));
`,
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = join(root, 'node_modules', '@types');
  const options = [
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--strict',
    '--typeRoots',
    types,
    '--types',
    'node',
  ];
  run(process.execPath, [tsc, ...options, 'use.ts']);
  expect(run(process.execPath, ['use.js']).trim() === '["a",0.5,3]', 'imports and types work');

  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(manifest.dependencies ?? {}).length === 0, 'no runtime dependencies');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
