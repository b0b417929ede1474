import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rewriteLoopback, rewritePaths } from './rewrite.ts'

const rewrite = rewritePaths([
  { path: '/etc/prometheus', real: '/pods/1/volumes/config' },
  { path: '/etc/prometheus/rules/', real: '/pods/1/volumes/rules' },
  { path: '/data', real: '/pods/1/volumes/data' },
  { path: '/', real: '/nowhere' },
])

test.each([
  ['/etc/prometheus', '/pods/1/volumes/config'],
  ['--config.file=/etc/prometheus/prometheus.yml', '--config.file=/pods/1/volumes/config/prometheus.yml'],
  ['rule_files:\n  - /etc/prometheus/rules/*.yaml', 'rule_files:\n  - /pods/1/volumes/rules/*.yaml'],
  ['file:///data/x', 'file:///pods/1/volumes/data/x'],
  ['"/data","/data"', '"/pods/1/volumes/data","/pods/1/volumes/data"'],
  ['a:/data:/data', 'a:/pods/1/volumes/data:/pods/1/volumes/data'],
  // Not these paths:
  ['/etc/prometheus2', '/etc/prometheus2'],
  ['/etc/prometheus.yml', '/etc/prometheus.yml'],
  ['/var/data', '/var/data'],
  ['./data', './data'],
  ['~/data', '~/data'],
  ['$HOME/data ${HOME}/data', '$HOME/data ${HOME}/data'],
  ['http://host/data', 'http://host/data'],
  ['http://127.0.0.1:80/data', 'http://127.0.0.1:80/data'],
  ['http://[::1]/data', 'http://[::1]/data'],
  ['/', '/'],
])('%s becomes %s', (text, expected) => {
  expect(rewrite(text)).toBe(expected)
})

test('what was rewritten is not read again', () => {
  const swap = rewritePaths([
    { path: '/a', real: '/b' },
    { path: '/b', real: '/a' },
  ])
  expect(swap('/a /b /a/b')).toBe('/b /a /b/b')
})

const segment = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}$/)
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)

test('a mount path alone, and everything below it, is rewritten', () => {
  fc.assert(
    fc.property(path, path, fc.array(segment), (mount, real, below) => {
      const rest = below.map((part) => `/${part}`).join('')
      expect(rewritePaths([{ path: mount, real }])(mount + rest)).toBe(real + rest)
    }),
  )
})

test('text without any mount path stays as it is', () => {
  fc.assert(
    fc.property(fc.array(path, { minLength: 1 }), fc.string(), (mounts, text) => {
      fc.pre(mounts.every((mount) => !text.includes(mount)))
      expect(rewritePaths(mounts.map((mount) => ({ path: mount, real: '/x' })))(text)).toBe(text)
    }),
  )
})

test.each([
  ['http://127.0.0.1:9099/webhook', 'http://127.1.0.7:9099/webhook'],
  ['127.0.0.1', '127.1.0.7'],
  ['listen 127.0.0.1.', 'listen 127.1.0.7.'],
  ['127.0.0.10 127.0.0.1.5 1127.0.0.1 10.127.0.0.1', '127.0.0.10 127.0.0.1.5 1127.0.0.1 10.127.0.0.1'],
])('loopback: %s becomes %s', (text, expected) => {
  expect(rewriteLoopback(text, '127.1.0.7')).toBe(expected)
})
