import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // any folder of any host
  worker: { format: 'es' },
  build: { target: 'es2022', assetsInlineLimit: 0 },
  // The development server would otherwise pack the package away from its workers and modules.
  optimizeDeps: { exclude: ['pleura'] },
});
