import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { softmargin } from './run-program.ts';

describe.concurrent('softmargin', () => {
  test('--help shows the commands, on standard output', async () => {
    const { status, stdout, stderr } = await softmargin(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const command of ['train', 'predict', 'evaluate', 'inspect']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} +\\w`, 'm'));
    }
  });

  test.each(['train', 'predict', 'evaluate', 'inspect'])(
    '%s --help has a usage line, options and examples',
    async (command) => {
      const [asOption, asCommand] = await Promise.all([
        softmargin([command, '--help']),
        softmargin(['help', command]),
      ]);
      expect(asOption.status).toBe(0);
      expect(asOption.stdout).toMatch(new RegExp(`^Usage: softmargin ${command} <`, 'm'));
      expect(asOption.stdout).toMatch(/^ {2}--help, -h/m);
      expect(asOption.stdout).toMatch(new RegExp(`^Examples:\\n {2}(.* \\| )?softmargin ${command} `, 'm'));
      expect(asCommand).toEqual(asOption);
      expect(Math.max(...asOption.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    },
  );

  test('train --help names the default tolerance of each problem', async () => {
    const { stdout } = await softmargin(['train', '--help']);
    expect(stdout).toMatch(/--tolerance .*default: 1e-6, hinge 1e-3, dropout 5e-3$/m);
  });

  test('--version is that of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await softmargin(['--version'])).toEqual({
      status: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    });
  });

  test.each<[string[], RegExp]>([
    [[], /^softmargin: linear classifiers/],
    [['trian'], /^softmargin: there is no command "trian"\n {2}did you mean train\?\n$/],
    [['xyz'], /the commands are train, predict, evaluate, inspect/],
    [['--lambda', '1'], /a command comes first, got "--lambda"/],
    [['help', 'trian'], /did you mean train\?/],
  ])('%j is refused with status 2', async (args, message) => {
    const { status, stdout, stderr } = await softmargin(args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
  });
});
