import asc from 'assemblyscript/asc';

const SOURCE = `
  /** Counts at task + 8 * shard how often the shard ran. */
  export function count(task: usize, shard: u32): void {
    const at = task + 8 * (shard as usize);
    store<u64>(at, load<u64>(at) + 1);
  }
  /** The same, slowly. */
  export function countSlowly(task: usize, shard: u32): void {
    let x: f64 = 1;
    for (let i = 0; i < 200000; i++) x = sqrt(x + 1);
    count(task, x > 0 ? shard : 0);
  }
  /** Shard 3 fails. */
  export function failing(task: usize, shard: u32): void {
    if (shard == 3) unreachable();
    countSlowly(task, shard);
  }
`;

/** Kernels made to test how shards are run, compiled here so that the package's own stay free of them. */
export async function compileTestKernels(): Promise<WebAssembly.Module> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    ['source.ts', '-o', 'out.wasm', '--runtime', 'stub', '--use', 'abort=', '--noAssert', '-O3']
      .concat(['--enable', 'threads', '--importMemory', '--sharedMemory'])
      .concat(['--initialMemory', '1', '--maximumMemory', '65536']),
    {
      readFile: (name) => (name === 'source.ts' ? SOURCE : null),
      writeFile(name, contents) {
        if (name === 'out.wasm' && typeof contents !== 'string') binary = new Uint8Array(contents);
      },
    },
  );
  if (error || binary === undefined) throw new Error(`test kernels: ${stderr}`);
  return WebAssembly.compile(binary);
}
