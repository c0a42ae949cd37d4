import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const build = new URL('../../dist/', import.meta.url);

/** Runs a program on the build in a process of its own; fails unless it ends by itself. */
async function output(program: string, ...flags: string[]): Promise<string> {
  const source = program.replaceAll('dist/', build.href);
  const args = [...flags, '--input-type=module', '-e', source];
  const { stdout } = await run(process.execPath, args, { timeout: 30_000 });
  return stdout;
}

test('kernel workers that nobody closed let the process end, and use no processor while idle', async () => {
  const idle = await output(`
    import { createRuntime } from 'dist/runtime/create-runtime.js';
    import { nodePlatform } from 'dist/runtime/platform-node.js';
    await createRuntime({ platform: nodePlatform, threads: 3 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);
  `);
  // Milliseconds of 500; two workers that spin would use up to 1000.
  expect(Number(idle)).toBeLessThan(60);
});

test('a fit in workers keeps the process until it is done, and not longer', async () => {
  const status = await output(`
    import { fit } from 'dist/node.js';
    const nFeatures = 200, nSamples = 6000;
    const values = Float64Array.from({ length: nSamples * nFeatures }, (_, t) => ((t * 7919) % 1009) / 1009);
    const y = Array.from({ length: nSamples }, (_, i) => i % 5);
    fit({ X: { values, nSamples, nFeatures }, y }, { threads: 2, maxIterations: 5, solver: 'lbfgs' })
      .then((model) => console.log(model.status));
  `);
  expect(status).toBe('max-iterations\n');
});

test('workers that wait for the next fit end when the garbage collector takes their memory', async () => {
  const program = `
    import { fitOn } from 'dist/model/fit.js';
    import { nodePlatform } from 'dist/runtime/platform-node.js';
    let ended = 0;
    const spawn = (role) => {
      const worker = nodePlatform.spawn(role);
      return { ...worker, terminate() { ended++; worker.terminate(); } };
    };
    const nFeatures = 200, nSamples = 6000;
    const values = Float64Array.from({ length: nSamples * nFeatures }, (_, t) => ((t * 7919) % 1009) / 1009);
    const y = Array.from({ length: nSamples }, (_, i) => i % 5);
    await fitOn({ ...nodePlatform, spawn }, { X: { values, nSamples, nFeatures }, y }, { threads: 2, maxIterations: 5 });
    const before = ended;
    for (let round = 0; round < 50 && ended < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      gc();
    }
    console.log(before, ended);
  `;
  expect(await output(program, '--expose-gc')).toBe('0 2\n');
});
