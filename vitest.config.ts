import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', 'runs/**']

/** These have a control plane of their own, or none, and mostly wait: three of them at a time disturb nobody. */
const PLANES =
  'tests/{collect-kube,crash,controller*,faults,network-*,node-agent,node-outage,prometheus,rollout,stack,traffic}.e2e.test.ts'
/** Each with minutes to spare. */
const patience = { testTimeout: 300_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{chaos,lib,reports,scenarios,scripts,stack}/**/*.test.ts'],
          exclude,
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
          include: ['tests/**/*.e2e.test.ts'],
          exclude: [...exclude, PLANES],
          // Real clusters on two cores: one file at a time.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        test: {
          // Three quarters of an hour: npm run test:faults.
          name: 'slow',
          include: ['tests/**/*.slow.test.ts'],
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          ...patience,
        },
      },
      {
        test: {
          name: 'e2e-planes',
          include: [PLANES],
          exclude,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
    ],
  },
})
