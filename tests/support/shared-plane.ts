import { afterAll, beforeAll } from 'vitest'
import { installCrd } from '../../chaos/controller/install.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'

/** One control plane with firedrill's resource, for all tests of a file and for hooks that follow. */
export const sharePlane = (onStarted: (plane: ControlPlane) => void): void => {
  let plane: ControlPlane | undefined
  beforeAll(async () => {
    plane = await startControlPlane()
    onStarted(plane)
    await installCrd(plane.kube)
  })
  afterAll(() => plane?.stop())
}
