import { describe, expect, test } from 'vitest'
import { findProgram, imageName } from './image.ts'

test.each([
  ['vllm/vllm-openai:v0.32.0', 'vllm/vllm-openai'],
  ['docker.io/vllm/vllm-openai', 'vllm/vllm-openai'],
  ['docker.io/library/busybox:1', 'busybox'],
  ['registry:5000/team/app', 'registry:5000/team/app'],
  ['registry:5000/team/app:1.2@sha256:abc', 'registry:5000/team/app'],
  ['busybox@sha256:abc', 'busybox'],
])('%s is %s', (image, name) => {
  expect(imageName(image)).toBe(name)
})

test('a program is found by its name, never by a property of every object', () => {
  const program = { command: ['/bin/true'] }
  expect(findProgram({ 'vllm/vllm-openai': program }, 'docker.io/vllm/vllm-openai:v1')).toBe(program)
  expect(findProgram({ 'docker.io/x/y': program }, 'docker.io/x/y:1')).toBe(program)
  expect(findProgram({}, 'constructor')).toBeNull()
})

describe('tags', () => {
  const program = {
    command: ['/bin/engine'],
    env: { A: '1' },
    tags: { pattern: 'v(\\d\\.\\d+)(?:-arm)?|latest', variable: 'VERSION' },
  }
  const found = (image: string) => findProgram({ 'a/b': program }, image)

  test.each(['a/b:v1.2', 'docker.io/a/b:v1.2', 'a/b:v1.2-arm', 'a/b:v1.2@sha256:abc'])(
    '%s is told its version',
    (image) => {
      expect(found(image)).toMatchObject({ command: program.command, env: { A: '1', VERSION: '1.2' } })
    },
  )
  test.each(['a/b', 'a/b:latest', 'a/b@sha256:abc'])('%s is told none', (image) => {
    expect(found(image)?.env).toEqual({ A: '1' })
  })
  test.each(['a/b:v1', 'a/b:xv1.2', 'a/b:v1.2.3', 'a/b:'])('%s does not exist', (image) => {
    expect(found(image)).toBeNull()
  })
})
