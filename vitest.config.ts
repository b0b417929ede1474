import { defineConfig } from 'vitest/config'
import { COMPILE_CACHE } from './tests/support/compile-cache.ts'

const exclude = ['**/node_modules/**', 'runs/**']

/** Load whose timing is asserted, and a machine whose ports and processes are: these have it to themselves, one file at a time. */
const ALONE = 'tests/{bad-luck,calibrate,cluster,drill,k6,real-vllm,traffic}.e2e.test.ts'
const env = { NODE_COMPILE_CACHE: COMPILE_CACHE }
/** Each with minutes to spare. */
const patience = { testTimeout: 300_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{chaos,lib,reports,scenarios,scripts,stack,tests/support}/**/*.test.ts'],
          exclude,
          env,
          // Many wait for programs that they started.
          maxWorkers: 4,
          // Five seconds are too few for a property with hundreds of cases on a busy machine.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: [ALONE],
          exclude,
          env,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        test: {
          // Clusters and control planes that mostly wait: three of them at a time disturb nobody.
          name: 'e2e-planes',
          include: ['tests/**/*.e2e.test.ts'],
          exclude: [...exclude, ALONE],
          env,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
      {
        test: {
          // Three quarters of an hour: npm run test:faults.
          name: 'slow',
          include: ['tests/**/*.slow.test.ts'],
          exclude,
          env,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          ...patience,
        },
      },
    ],
  },
})
