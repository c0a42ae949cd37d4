import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');
const manifest = JSON.parse(read('package.json'));

describe('package.json', () => {
  test('has no dependencies at run time', () => {
    expect(manifest.dependencies).toBeUndefined();
  });

  test('pins every development dependency exactly', () => {
    for (const version of Object.values(manifest.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("has Node's and the browser's entry share what they have in common, in Node", async () => {
    const entry = (name: string) => import(`${root}/${manifest.exports[name].node}`);
    const [node, browser] = [await entry('.'), await entry('./browser')];
    for (const [name, value] of Object.entries(browser)) {
      if (/^[A-Z]/.test(name)) expect(node[name], name).toBe(value);
    }
    expect(node.DataError).toBe(browser.DataError);
  });

  test('exports files that the build makes', () => {
    const paths = (entry: unknown): string[] =>
      typeof entry === 'string' ? [entry] : Object.values(entry as object).flatMap(paths);
    for (const path of [...paths(manifest.exports), ...paths(manifest.bin)]) {
      expect(existsSync(`${root}/${path}`), path).toBe(true);
    }
  });
});

function snippets(readme: string): string[] {
  return [...read(readme).matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);
}

describe.each(['README.md', 'README.pt-BR.md'])('%s', (readme) => {
  test('its programs run', () => {
    const programs = snippets(readme);
    expect(programs.length).toBeGreaterThan(0);
    for (const program of programs) {
      const source = program.replace("'softmargin'", "'./dist/library/node.js'");
      const output = execFileSync(process.execPath, ['--input-type=module', '-e', source], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(output).toMatch(/^converged /);
    }
  });

  test('names only options and scripts that exist', () => {
    const help = ['train', 'predict', 'evaluate', 'inspect']
      .map((command) =>
        execFileSync(process.execPath, ['bin/softmargin.js', command, '--help'], {
          cwd: root,
          encoding: 'utf8',
        }),
      )
      .join('\n');
    const known = help + read('bench/run.js');
    for (const [option] of read(readme).matchAll(/--[a-z][a-z-]+/g)) expect(known).toContain(option);
    for (const [, script] of read(readme).matchAll(/npm run ([a-z:]+)/g)) {
      expect(Object.keys(manifest.scripts)).toContain(script);
    }
  });
});
