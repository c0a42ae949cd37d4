import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { fit as fitInBrowser } from '../../src/index.ts';
import { fit } from '../../src/node.ts';
import { webPlatform } from '../../src/runtime/platform-web.ts';
import { overlappingClasses } from '../model/fit-samples.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a page where the kernels cannot be loaded says so, and may try again', async () => {
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404, statusText: 'Not Found' }));
  await expect(webPlatform.loadKernels()).rejects.toThrow(/could not load .*kernels\.wasm: 404 Not Found/);
  vi.stubGlobal('fetch', async (url: URL) => new Response(readFileSync(url)));
  expect(await webPlatform.loadKernels()).toBe(await webPlatform.loadKernels());
});

test('memory is shared only in a page that is isolated and has workers', () => {
  expect(webPlatform.canShareMemory()).toBe(false);
  vi.stubGlobal('Worker', function Worker() {});
  expect(webPlatform.canShareMemory()).toBe(false);
  vi.stubGlobal('crossOriginIsolated', true);
  expect(webPlatform.canShareMemory()).toBe(true);
});

test("the browser's entry fits the model that Node fits, bit for bit", async () => {
  vi.stubGlobal('fetch', async (url: URL) => new Response(readFileSync(url)));
  const samples = overlappingClasses(300, 5, 3, 9);
  const inBrowser = await fitInBrowser(samples, { lambda: 1e-3 });
  expect(JSON.stringify(inBrowser)).toBe(JSON.stringify(await fit(samples, { lambda: 1e-3 })));
});
