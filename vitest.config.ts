import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', 'runs/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{chaos,lib,reports,scenarios,scripts,stack}/**/*.test.ts'],
          exclude,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/**/*.e2e.test.ts'],
          exclude,
          // Real clusters on two cores: one file at a time, each with minutes to spare.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
