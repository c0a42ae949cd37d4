// The command line and the workers, each in few files: loading some 140 modules one by one took the program
// three times as long to start as `node -e 0`; bundled it takes about half of that. The library's entries for Node likewise,
// apart from the program, whose files are cut for it, and together, so that both know the same classes. Two folders below the package, like the sources, so that
// relative URLs to wasm/ and dist/ hold.
import { defineConfig } from 'rolldown';

const bundle = (input, dir) => ({
  input,
  platform: 'node',
  output: { dir, format: 'esm', cleanDir: true, comments: { jsdoc: false } },
});

export default defineConfig([
  bundle(
    {
      main: 'dist/cli/main.js',
      'kernel-worker': 'dist/runtime/kernel-worker.js',
      'training-worker': 'dist/model/training-worker.js',
    },
    'dist/program',
  ),
  bundle({ node: 'dist/node.js', index: 'dist/index.js' }, 'dist/library'),
]);
