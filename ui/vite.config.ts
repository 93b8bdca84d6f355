import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Which host the window talks to is decided while building, so that the pretended world is no part of what
// people install.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: './',
  resolve: {
    alias: {
      $lib: here('./src/lib'),
      $components: here('./src/components'),
      '$chosen-host': here(
        mode === 'production' ? './src/lib/host/tauri.ts' : './src/lib/host/fake/index.ts',
      ),
    },
  },
  build: {
    target: ['es2022', 'safari16.4'],
    // The polyfill would be an inline script, which the content security policy refuses; so would data: fonts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { port: 5173, strictPort: true },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      ...['browser', 'shots', 'bench'].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`tests/${name}/**/*.test.ts`],
          globalSetup: ['tests/browser/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One browser at a time: a second one would take the time that frames are measured in.
          fileParallelism: false,
        },
      })),
    ],
  },
}));
