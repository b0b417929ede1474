import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../kube/client.ts'
import { makeKubeconfig } from './kubeconfig.ts'

test('the Kubernetes client reads back server, certificate authority and credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-kubeconfig-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const ca = '-----BEGIN CERTIFICATE-----\nca\n'
  const client = { cert: 'cert', key: 'key' }
  writeFileSync(kubeconfig, makeKubeconfig({ name: 'one', server: 'https://127.0.0.1:6443', ca, client }))
  const { config } = connect({ kubeconfig })
  rmSync(folder, { recursive: true })
  expect(config.getCurrentContext()).toBe('one')
  expect(config.getCurrentCluster()).toMatchObject({ server: 'https://127.0.0.1:6443', caData: base64(ca) })
  expect(config.getCurrentUser()).toMatchObject({ certData: base64('cert'), keyData: base64('key') })
})

// --- Internal helpers ---

const base64 = (text: string): string => Buffer.from(text).toString('base64')
