import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findProgram } from '../lib/cluster/node/image.ts'
import { isKnownVersion, LAST_VERSION } from '../lib/vllm/metrics/version.ts'
import { imageMap } from './images.ts'

const apps = readdirSync(new URL('apps', import.meta.url))
const options = {
  tools: { prometheus: '/p', alertmanager: '/a', 'kube-state-metrics': '/k' },
  bundles: Object.fromEntries(apps.map((name) => [name, `/${name}.js`])),
  node: '/node',
}
const emulated = imageMap(options)
const versionOf = (tag: string) => findProgram(emulated, `vllm/vllm-openai:${tag}`)?.env?.['VLLM_EMULATOR_VERSION']

test.each(['v0.6.0', 'v0.8.5.post1', 'v0.9.1', 'v0.10.1.1', 'v0.31.4', `v${LAST_VERSION}`])(
  '%s is that release',
  (tag) => {
    expect(versionOf(tag)).toBe(tag.slice(1))
    expect(isKnownVersion(tag)).toBe(true)
  },
)

test.each(['v0.5.5', 'v0.33.0', 'v1.0.0', '0.9.1', 'firedrill-no-such-tag'])('%s cannot be pulled', (tag) => {
  expect(findProgram(emulated, `vllm/vllm-openai:${tag}`)).toBeNull()
})

test('the manifest of the stack names an image that there is, emulated or real', () => {
  const manifest = readFileSync(new URL('manifests/vllm.yaml', import.meta.url), 'utf8')
  const image = /image: (\S+)/.exec(manifest)?.[1] ?? ''
  for (const images of [emulated, imageMap({ ...options, vllm: '/vllm' })]) {
    expect(findProgram(images, image)).not.toBeNull()
  }
  expect(findProgram(imageMap({ ...options, vllm: '/vllm' }), 'vllm/vllm-openai:v0.9.1')).toBeNull()
})
