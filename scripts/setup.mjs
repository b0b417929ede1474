// Makes a fresh clone ready: npm dependencies, then the Go tools. Plain JavaScript for whatever Node (18 or newer) is there.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stderr, versions } from 'node:process'
import { fileURLToPath } from 'node:url'
import { GO_NEEDED, goVersion, isGoEnough } from '../lib/toolchain/go.mjs'
import { MODULES, moduleDir, moduleSource } from '../lib/toolchain/tools.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const STAMP = join(ROOT, 'node_modules', '.firedrill-installed')

const say = (line) => stderr.write(`${line}\n`)

/** As firedrill's own exit codes: what a person can put right first is bad usage, what broke on the way has failed. */
const USAGE = 64
const FAILED = 1

const fail = (expected, found, hint, code = USAGE) => {
  say(`firedrill set-up: expected ${expected}, found ${found}\n  → ${hint}`)
  process.exit(code)
}

/** What is taken back however set-up ends. */
const half = { child: undefined, folder: undefined }
process.on('exit', () => {
  half.child?.kill('SIGINT')
  if (half.folder !== undefined) rmSync(half.folder, { recursive: true, force: true })
})
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const elapsed = (start) => {
  const seconds = Math.round((Date.now() - start) / 1_000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Runs a command under one line that shows the time it takes: redrawn on a terminal, twice a minute elsewhere. */
const run = (label, command, args, options) =>
  new Promise((resolve) => {
    const start = Date.now()
    const output = []
    const draw = () =>
      stderr.isTTY ? stderr.write(`\r\x1b[K${label} … ${elapsed(start)}`) : say(`${label} … ${elapsed(start)}`)
    draw()
    const timer = setInterval(draw, stderr.isTTY ? 500 : 30_000)
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    half.child = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk))
    const end = (code, error) => {
      clearInterval(timer)
      half.child = undefined
      say(`${stderr.isTTY ? '\r\x1b[K' : ''}${label}: ${code === 0 ? 'done' : 'failed'} in ${elapsed(start)}`)
      if (code === 0) return resolve()
      say(Buffer.concat(output).toString().trimEnd().split('\n').slice(-30).join('\n'))
      fail(
        `${command} ${args[0]} to succeed`,
        error ? error.message : `exit code ${code}`,
        'its own words are above; set-up goes on from here when it is run again',
        FAILED,
      )
    }
    child.on('error', (error) => end(-1, error))
    child.on('close', (code) => end(code))
  })

const installDependencies = async () => {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  // Not `npm ci`: it refuses a lock file that lacks the optional binaries of other platforms, which not every registry has.
  await run('npm dependencies', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
  })
  writeFileSync(STAMP, wanted)
}

const checkGo = () => {
  const version = goVersion()
  if (isGoEnough(version)) return
  fail(
    `Go ${GO_NEEDED} or newer on the PATH, to build k6, Prometheus and the embedded cluster`,
    version ?? 'no Go',
    `install Go ${GO_NEEDED} or newer (go.dev/dl) and run this again`,
  )
}

const build = async (module, label) => {
  const target = moduleDir(module)
  // Built beside its place and moved there whole: two set-ups at once, or a Ctrl-C, leave nothing half-made.
  const scratch = `${target}.${process.pid}`
  half.folder = scratch
  mkdirSync(scratch, { recursive: true })
  for (const [binary, source] of Object.entries(module.binaries)) {
    const args = [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      `-s -w ${module.ldflags ?? ''}`.trim(),
      '-o',
      join(scratch, binary),
    ]
    if (module.tags) args.push('-tags', module.tags)
    await run(`${label} ${binary}`, 'go', [...args, source], {
      cwd: moduleSource(module),
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    })
  }
  rmSync(target, { recursive: true, force: true })
  mkdirSync(dirname(target), { recursive: true })
  renameSync(scratch, target)
  half.folder = undefined
}

if (Number(versions.node.split('.')[0]) < 18)
  fail('Node.js 18 or newer', versions.node, 'install a newer Node.js and run this again')
await installDependencies()
const missing = MODULES.filter((module) => !existsSync(moduleDir(module)))
if (missing.length > 0) {
  checkGo()
  say(
    `building ${missing.length} of ${MODULES.length} tools, once for this machine; the first time this takes about a quarter of an hour on two cores`,
  )
}
for (const [index, module] of missing.entries()) await build(module, `tool ${index + 1} of ${missing.length}:`)
