import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dcgmi } from '../dcgmi/dcgmi.ts'
import { createLedger } from '../gpu-emulator/ledger.ts'
import { createGpuServer } from '../gpu-emulator/server.ts'
import { nvidiaSmi } from './nvidia-smi.ts'

const device = {
  uuid: 'GPU-1',
  model: 'H100',
  hostname: 'gpu-0',
  reservedMiB: 551,
  idleWatts: 72,
  maxWatts: 700,
  minWatts: 200,
}

let server: Server
let url: string

beforeEach(async () => {
  server = createGpuServer(
    createLedger(1_000),
    device,
    () => 0,
    () => undefined,
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const smi = (line: string) => nvidiaSmi(url, line.split(' '))
const FORMAT = '--format=csv,noheader,nounits'

test('nvidia-smi reads and sets the power limit', async () => {
  expect(await smi(`--query-gpu=uuid,power.limit,power.min_limit ${FORMAT}`)).toEqual({
    exitCode: 0,
    text: 'GPU-1, 700.00, 200.00',
  })
  expect(await smi('-i GPU-1 -pl 300')).toMatchObject({ exitCode: 0 })
  expect(await smi(`-i GPU-1 --query-gpu=power.limit ${FORMAT}`)).toEqual({ exitCode: 0, text: '300.00' })
})

test('nvidia-smi refuses what it does not know', async () => {
  expect(await smi('-i GPU-1 -pl 100')).toMatchObject({ exitCode: 2 })
  expect(await smi('-i GPU-2 -pl 300')).toMatchObject({ exitCode: 6 })
  expect(await smi(`--query-gpu=colour ${FORMAT}`)).toMatchObject({ exitCode: 2 })
  expect(await smi(`--query-gpu=power.limit ${FORMAT}`)).toEqual({ exitCode: 0, text: '700.00' })
})

test('dcgmi injects a value', async () => {
  const run = (line: string) => dcgmi(url, line.split(' '))
  expect(await run('test --host h:5555 --inject --gpuid 0 -f 150 -v 95 --offset 30')).toMatchObject({ exitCode: 0 })
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/GPU_TEMP\{[^}]*\} 95\n/)
  expect(await run('dmon -e 150')).toMatchObject({ exitCode: 1 })
  expect(await run('test --inject --gpuid 1 -f 150 -v 95')).toMatchObject({ exitCode: 1 })
  await expect(run('test --inject --gpuid 0 -f 150')).rejects.toThrow()
})
